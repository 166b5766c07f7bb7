# Turntable in a container: CPU by default, CUDA with `--build-arg EXTRAS=gpu`.
#
#   docker build -t turntable .
#   docker run --rm -v turntable:/data -v "$PWD:/in:ro" turntable ingest /in/episode.mp3
#   docker run --rm -v turntable:/data turntable sql "from talk_time"
#
#   docker build -t turntable:cuda --build-arg EXTRAS=gpu .
#   docker run --rm --gpus all -v turntable:/data turntable:cuda doctor
#
# No CUDA base image is needed: torch brings CUDA 13 in its wheels, the extra brings CUDA 12's cuBLAS for
# CTranslate2, and the driver comes from the host.
FROM python:3.12-slim

ARG EXTRAS=""
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    TURNTABLE_HOME=/data \
    TURNTABLE_MODELS=/models \
    PREFECT_HOME=/data/prefect

WORKDIR /app
COPY pyproject.toml constraints.txt prefect.yaml README.md LICENSE ./
COPY flows flows
COPY transforms transforms
COPY warehouse warehouse
RUN pip install --constraint constraints.txt ".${EXTRAS:+[$EXTRAS]}"

# Not root; what is kept lies in a volume, the weights in another that starts with the embedded ones.
RUN useradd --create-home --uid 1000 turntable \
    && install -d -o turntable -g turntable /data /models
USER turntable
RUN turntable models fetch
VOLUME ["/data", "/models"]

ENTRYPOINT ["turntable"]
CMD ["--help"]
