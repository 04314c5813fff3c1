#!/usr/bin/env bash
# Write the secrets of a new installation into .env, each random and its own; an .env that is there stays as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

env=${1:-.env}
[ ! -e "$env" ] || exit 0

random() { head -c "$1" /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }
word() { head -c 60 /dev/urandom | base64 | tr -dc 'a-zA-Z0-9' | cut -c "1-$1"; }

umask 077
{
    echo "FERNET_KEY=$(random 32)"
    echo "API_SECRET=$(random 48)"
    echo "JWT_SECRET=$(random 48)"
    echo "ADMIN_PASSWORD=$(word 20)"
    for name in POSTGRES AIRFLOW_DB RECORDS_DB LAKE_DB MLFLOW_DB REDIS GRAFANA; do
        echo "${name}_PASSWORD=$(word 32)"
    done
    echo "S3_ACCESS_KEY=$(word 20)"
    echo "S3_SECRET_KEY=$(word 40)"
    echo "SPARK_SECRET=$(word 40)"
} >"$env.new"
mv -n "$env.new" "$env"
echo "Secrets are in $env, readable by you alone. The UI's user is admin, its password ADMIN_PASSWORD in there."
