"""How often the Airflow of a test parses DAG files."""

# The DAGs of most tests do not change while their Airflow runs. To parse them every 30 s, as it does otherwise, uses a
# sixth of a core. A file that could not be parsed at first, on a busy machine, is parsed again while tests wait for it.
PARSE_RARELY = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120"}
