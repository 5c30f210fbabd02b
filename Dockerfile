# syntax=docker/dockerfile:1
# Two images: `banyan`, the command alone, and `demo`, the shop and its extracted service on top of it.

FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc prisma.config.ts ./
COPY prisma ./prisma
RUN npm ci
COPY . .
# The shop's WebSockets need a package that Banyan itself does not.
RUN mkdir -p /demo/node_modules && cp -r node_modules/ws /demo/node_modules \
 && cp -r cli consumer contexts control-plane demo gateway legacy-adapter outbox relay runtime /demo
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim AS banyan
ENV NODE_ENV=production
COPY --from=build /src/package.json /src/LICENSE /opt/banyan/
COPY --from=build /src/node_modules /opt/banyan/node_modules
COPY --from=build /src/prisma /opt/banyan/prisma
COPY --from=build /src/infra /opt/banyan/infra
COPY --from=build /src/docs /opt/banyan/docs
COPY --from=build --chmod=755 /src/dist /opt/banyan/dist
# The configuration is mounted; the state folder is the only place that is written to.
RUN ln -s /opt/banyan/dist/cli/main.js /usr/local/bin/banyan \
 && install -d -o node -g node /etc/banyan /var/lib/banyan
USER node
WORKDIR /etc/banyan
VOLUME /var/lib/banyan
EXPOSE 8080 9101 9102 9103
ENTRYPOINT ["banyan"]
CMD ["--help"]

FROM banyan AS demo
COPY --from=build /demo /opt/banyan
WORKDIR /opt/banyan
ENTRYPOINT ["node"]
CMD ["demo/shop/main.ts"]
