# One image for every part: `docker run … mtz web`, `mtz poll`, `mtz housekeeping`, `mtz gateway`, `mtz migrate`, `mtz doctor`.
# The base is pinned by its full version; pin the digest too where your registry is not trusted.
FROM python:3.13.9-slim-bookworm AS build

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /opt/mtz
COPY requirements/run.lock requirements/run.lock
RUN /opt/mtz/bin/python -m pip install --require-hashes -r requirements/run.lock
COPY pyproject.toml LICENSE NOTICE ./
COPY scripts/link_project.py scripts/link_project.py
COPY sql sql
COPY data data
COPY layouts layouts
COPY callbacks callbacks
COPY dashboard dashboard
RUN /opt/mtz/bin/python -I scripts/link_project.py \
    && /opt/mtz/bin/python -m compileall -q dashboard callbacks layouts data sql \
    && /opt/mtz/bin/mtz --version

FROM python:3.13.9-slim-bookworm

LABEL org.opencontainers.image.title="MoneyTrailz Dashboard" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 mtz \
    && useradd --uid 10001 --gid mtz --home-dir /var/lib/moneytrailz --create-home --shell /usr/sbin/nologin mtz
COPY --from=build /opt/mtz /opt/mtz
COPY --from=build /app /app
ENV PATH=/opt/mtz/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TZ=UTC \
    MTZ_IN_CONTAINER=1 \
    MTZ_HOST=0.0.0.0 \
    MTZ_DATA_DIR=/var/lib/moneytrailz
WORKDIR /var/lib/moneytrailz
USER 10001:10001
EXPOSE 8000
# For `mtz run` and `mtz web`; compose gives the other parts checks of their own.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "dashboard.healthcheck"]
ENTRYPOINT ["mtz"]
CMD ["run"]
