"""What rules of promotion are worth: false promotions, days to find a better recipe, served loss, harm, speed."""
