# The image of the service and of its one-off commands:
#   docker build --build-arg GIT_SHA="$(git rev-parse HEAD)" -t halobestie .
# Built by BuildKit (any engine since 23, or DOCKER_BUILDKIT=1): the classic builder has no cache mounts and no build secrets.
# A registry of your own, or its password: --secret id=npmrc,src=$HOME/.npmrc (never stored); a proxy: --build-arg HTTPS_PROXY=…
# It needs no writable file system (`--read-only`, not even a /tmp), no root and no capability.
ARG NODE_IMAGE=node:24-trixie-slim
ARG POSTGRES_IMAGE=postgres:17

FROM ${NODE_IMAGE} AS sources
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

# What runs: no dev dependencies, no second Node, nothing that only people or compilers read. Licences stay.
FROM sources AS dependencies
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --omit=dev --omit=optional --ignore-scripts \
 && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.tsbuildinfo' -o -name '*.flow' -o -name '*.markdown' \
      -o \( -name '*.md' ! -iname 'licen[cs]e*' ! -iname 'notice*' \) \) -delete \
 && find node_modules -type d \( -name test -o -name tests -o -name __tests__ -o -name e2e -o -name bench -o -name example -o -name examples -o -name benchmark -o -name benchmarks -o -name .github \) -prune -exec rm -rf {} + \
 && rm -rf node_modules/.package-lock.json node_modules/.bin \
 && find node_modules -type d -empty -delete

FROM sources AS pages
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --ignore-scripts
COPY tsconfig.json ./
COPY control-center control-center
RUN node control-center/build.ts && rm control-center/dist/.built.json

FROM ${NODE_IMAGE} AS service
LABEL org.opencontainers.image.title="halobestie" \
      org.opencontainers.image.description="Find a companion who is online now, pay, and talk: the public and the internal listener" \
      org.opencontainers.image.licenses="UNLICENSED"
WORKDIR /app
# An empty volume that is mounted here belongs to whom these folders belong to (compose.yaml).
RUN mkdir -p /keys/app /keys/owner && chown -R node:node /keys
COPY --from=dependencies /app/node_modules node_modules
COPY --from=pages /app/control-center/dist control-center/dist
COPY package.json ./
COPY migrations migrations
COPY docker/healthcheck.mjs docker/make-keys.mjs docker/
COPY backend backend
# V8's old generation takes what the container may use, less what sockets, buffers and code need beside it.
ENV NODE_ENV=production NODE_OPTIONS=--max-old-space-size-percentage=60
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "docker/healthcheck.mjs"]
# Nothing between the engine and node: it is PID 1, and gets the signals.
ENTRYPOINT []
CMD ["node", "backend/main.ts"]
# What changes with every commit comes last: all layers above are shared.
ARG GIT_SHA=""
ARG VERSION="0.1.0"
ENV GIT_SHA=${GIT_SHA}
LABEL org.opencontainers.image.revision="${GIT_SHA}" org.opencontainers.image.version="${VERSION}"

# docker build --target backup: the same, on Postgres' own programs, which must be of the server's version. Runs docker/backup.sh
# and docker/restore.sh, as nobody in particular either.
FROM ${POSTGRES_IMAGE} AS backup
WORKDIR /app
RUN mkdir -p /backups /spool /restored && chown 1000:1000 /backups /spool /restored
COPY --from=service /usr/local/bin/node /usr/local/bin/node
COPY --from=service /app /app
COPY docker/backup.sh docker/restore.sh docker/
USER 1000:1000
STOPSIGNAL SIGTERM
ENTRYPOINT []
CMD ["docker/backup.sh", "schedule"]

# What is built without a target.
FROM service
