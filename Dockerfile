# Three stages: Node builds what the browser loads, Python builds one environment from locked wheels, and the last image
# gets only that environment: no Node, no compiler, no tests, no package client's cache.

FROM node:22-bookworm-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.11-slim-bookworm AS environment
WORKDIR /build
# Every wheel is fetched under its hash; what is installed afterwards can only come from this folder.
COPY requirements.lock ./
RUN pip download --no-cache-dir --require-hashes --requirement requirements.lock --dest /wheels
COPY pyproject.toml README.md LICENSE ./
COPY server server
COPY signalling signalling
COPY --from=web /build/web/__init__.py web/
COPY --from=web /build/web/templates web/templates
COPY --from=web /build/web/static web/static
RUN pip install --no-cache-dir --no-index --find-links /wheels --upgrade setuptools \
 && pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv /opt/talkingpiece \
 && /opt/talkingpiece/bin/pip install --no-index --find-links /wheels talkingpiece \
 && /opt/talkingpiece/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
COPY --from=environment /opt/talkingpiece /opt/talkingpiece
RUN useradd --system --uid 10001 --home-dir /var/lib/talkingpiece --create-home talkingpiece
ENV PATH=/opt/talkingpiece/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PORT=8080 \
    TALKINGPIECE_HOST=0.0.0.0 \
    TALKINGPIECE_DATA_DIR=/var/lib/talkingpiece
USER talkingpiece
VOLUME /var/lib/talkingpiece
EXPOSE 8080/tcp
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health\", timeout=2)"]
CMD ["talkingpiece"]
