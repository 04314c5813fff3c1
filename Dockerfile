# One image for every part of Airflow: the pinned packages, Java for Spark's driver, and the project.
FROM apache/airflow:3.3.2-python3.11

USER root
# The JRE cannot be configured where a slim base left out the folder of its manual pages.
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && apt-get install -y --no-install-recommends default-jre-headless \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /opt/contender/state \
    && chown -R airflow:0 /opt/contender
USER airflow

WORKDIR /opt/contender
COPY --chown=airflow:0 requirements.txt requirements-uv.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
    && uv pip install --no-cache --require-hashes --no-deps --compile-bytecode -r requirements.txt
COPY --chown=airflow:0 pyproject.toml README.md requirements.in ./
COPY --chown=airflow:0 include include
RUN uv pip install --no-cache --no-deps --editable .
COPY --chown=airflow:0 dags dags
COPY --chown=airflow:0 plugins plugins
COPY --chown=airflow:0 spark_jobs spark_jobs

ENV AIRFLOW__CORE__DAGS_FOLDER=/opt/contender/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/contender/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    CONTENDER_HOME=/opt/contender/state \
    OMP_NUM_THREADS=1
VOLUME /opt/contender/state
