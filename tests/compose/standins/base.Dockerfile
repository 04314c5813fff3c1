# Replaces the Python and Postgres images where they cannot be pulled: the same programs, from Debian packages.
FROM contender-debian
COPY certificates/ /usr/local/share/ca-certificates/
RUN update-ca-certificates \
    && apt-get update \
    && apt-get install -y --no-install-recommends wget gosu postgresql-15 \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s python3 /usr/bin/python
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
