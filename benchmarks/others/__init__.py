"""What a step costs in Airflow, Dagster, Prefect and Kedro: the same chain of steps in each."""
