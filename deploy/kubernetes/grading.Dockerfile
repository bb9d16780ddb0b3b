# Grading in a pod: the whole course, with solutions and hidden tests.  Keep this image private.
#   docker build -f deploy/kubernetes/grading.Dockerfile -t IMAGE .
# What is copied is what .dockerignore lets through: nothing of a class that lies beside it.
FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 1000 grader \
 && apt-get update && apt-get install --yes --no-install-recommends bubblewrap git tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/triad/course
COPY . .
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
        -c constraints.txt -e .[lab,teach] \
 && python -m compileall -q src
USER 1000
ENTRYPOINT ["tini", "--"]
