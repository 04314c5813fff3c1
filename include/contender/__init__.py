"""The engine of Contender: one room a job, lowest first; it knows no dataset or model by name and no Airflow."""

__version__ = "0.2.0"
