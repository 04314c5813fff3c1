"""A night of many models in one real Airflow."""
