#!/bin/sh
# Create a database and a user per service, without access to the others.
set -eu
for name in airflow records lake mlflow; do
    password=$(eval "echo \$$(echo "$name" | tr a-z A-Z)_DB_PASSWORD")
    psql --username "$POSTGRES_USER" --dbname postgres --quiet --set ON_ERROR_STOP=1 \
        --set name="$name" --set password="$password" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
-- A killed scheduler may leave a child process with an open transaction.
ALTER ROLE :"name" SET idle_in_transaction_session_timeout = '20s';
SQL
done
