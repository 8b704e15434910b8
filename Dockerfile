# Parley in an image: the binary and the certificates it trusts, nothing else.
#   docker build --build-arg VERSION=1.2.3 -t parley .
#   docker run -p 8080:8080 -v parley:/data parley
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/parley ./cmd/parley
# The final stage has no shell to make folders with. /tmp is for uploads and sorts that do not fit into memory.
RUN mkdir /out/data /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/parley /parley
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
ENV PARLEY_ADDR=0.0.0.0:8080 \
    PARLEY_DATA_DIR=/data \
    PARLEY_DATABASE_URL=sqlite:/data/parley.db
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/parley"]
CMD ["serve"]
