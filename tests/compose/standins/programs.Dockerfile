FROM contender-standin AS versitygw
COPY versitygw /usr/local/bin/versitygw
ENTRYPOINT ["/usr/local/bin/versitygw"]

FROM contender-standin AS mailpit
COPY mailpit /mailpit
ENTRYPOINT ["/mailpit"]

FROM contender-standin AS statsd_exporter
COPY statsd_exporter /bin/statsd_exporter
ENTRYPOINT ["/bin/statsd_exporter"]
