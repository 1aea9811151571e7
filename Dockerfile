# One static program in an empty image. It runs as nobody, its root can be read-only, and it writes to /data alone.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X gas/pkg/cli.version=${VERSION}" -o /gas . \
 && mkdir -p /empty/data && chown -R 65532:65532 /empty/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /empty /
COPY --from=build /gas /gas
USER 65532:65532
ENV GAS_DATA=/data GAS_ADDR=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/gas", "healthcheck"]
ENTRYPOINT ["/gas"]
CMD ["serve"]
