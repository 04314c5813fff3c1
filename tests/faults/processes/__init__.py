"""Nights of a real Airflow in which real processes are killed and real databases are locked."""
