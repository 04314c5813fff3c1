"""Run drills on the real years of two examples: days to the verdict, and the served loss beside other strategies."""
