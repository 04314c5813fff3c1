"""Health check of an Airflow component (`dag_processor`, `triggerer`), by the heartbeat that the API reports."""

import json
import sys
from urllib.request import urlopen

PART = sys.argv[1]
with urlopen("http://api-server:8080/api/v2/monitor/health", timeout=15) as answer:
    status = json.load(answer)[PART]["status"]
sys.exit(None if status == "healthy" else f"{PART} is {status}")
