"""The demo: an embedded Airflow, a mailbox and a simulated source, all on one machine."""
