# Two images on one base: `contender` (all Airflow components and the Spark cluster) and `mlflow` (the registry server).
ARG BASE_IMAGE=python:3.11.14-slim-bookworm

FROM ${BASE_IMAGE} AS contender
# The JRE's installation needs the folder of manual pages, which slim images lack. Spark calls ps.
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && apt-get install -y --no-install-recommends default-jre-headless procps \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --gid 0 --create-home contender \
    && mkdir -p /opt/contender/state /opt/venv \
    && chown -R contender:0 /opt/contender /opt/venv
USER contender
WORKDIR /opt/contender
ENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv
COPY --chown=contender:0 requirements.txt requirements-uv.txt ./
RUN python3 -m venv /opt/venv \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-uv.txt \
    && uv pip install --no-cache --require-hashes --no-deps --compile-bytecode -r requirements.txt
COPY --chown=contender:0 scripts scripts
RUN python -m scripts.fetch_s3_jars "$(dirname "$(python -c 'import pyspark; print(pyspark.__file__)')")/jars"
COPY --chown=contender:0 pyproject.toml README.md requirements.in ./
COPY --chown=contender:0 include include
RUN uv pip install --no-cache --no-deps --editable .
COPY --chown=contender:0 dags dags
COPY --chown=contender:0 plugins plugins
COPY --chown=contender:0 spark_jobs spark_jobs
COPY --chown=contender:0 demo demo
COPY --chown=contender:0 docker/prepare.py docker/heartbeat.py docker/
COPY --chown=contender:0 docker/spark docker/spark
RUN python -m compileall -q include plugins dags demo spark_jobs
ENV AIRFLOW_HOME=/opt/contender/state/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/contender/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/contender/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    CONTENDER_HOME=/opt/contender/state \
    SPARK_CONF_DIR=/opt/contender/docker/spark \
    PYTHONPATH=/opt/contender \
    PYTHONDONTWRITEBYTECODE= \
    OMP_NUM_THREADS=1
VOLUME /opt/contender/state

FROM ${BASE_IMAGE} AS mlflow
RUN useradd --uid 50001 --gid 0 --create-home mlflow && mkdir /opt/venv && chown mlflow:0 /opt/venv
USER mlflow
WORKDIR /home/mlflow
ENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv
COPY --chown=mlflow:0 requirements-uv.txt docker/mlflow/requirements.txt ./
RUN python3 -m venv /opt/venv \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-uv.txt \
    && uv pip install --no-cache --require-hashes --no-deps --compile-bytecode -r requirements.txt
