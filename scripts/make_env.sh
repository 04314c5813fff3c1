#!/usr/bin/env bash
# Write random secrets for a new installation into .env. An existing .env is not changed.
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
echo "Wrote secrets to $env (readable only by you). Log in to the UI as admin, with ADMIN_PASSWORD from that file."
