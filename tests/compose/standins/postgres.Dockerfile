FROM contender-standin
COPY postgres-entrypoint.sh /usr/local/bin/
RUN mkdir -p /var/run/postgresql /var/lib/postgresql/data \
    && chown -R postgres /var/run/postgresql /var/lib/postgresql/data
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
ENTRYPOINT ["postgres-entrypoint.sh"]
CMD ["postgres"]
