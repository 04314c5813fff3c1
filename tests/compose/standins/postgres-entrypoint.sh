#!/bin/sh
# Like the official image: initialise an empty data folder with the scripts of /docker-entrypoint-initdb.d, then serve.
set -eu
if [ "$(id -u)" = 0 ]; then
    chown -R postgres "$PGDATA"
    exec gosu postgres "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    echo "$POSTGRES_PASSWORD" >/tmp/pw
    initdb --encoding=UTF8 --username="$POSTGRES_USER" --pwfile=/tmp/pw --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    rm /tmp/pw
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl start --wait --silent -o "-c listen_addresses=''"
    for script in /docker-entrypoint-initdb.d/*.sh; do
        "$script"
    done
    pg_ctl stop --wait --silent --mode fast
fi
exec "$@" -c "listen_addresses=*"
