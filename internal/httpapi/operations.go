package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/parley-cx/parley/api"
)

// operationRoutes adds the routes whose answers have forms of their own. They
// are in the contract too, and are held to it like all others.
func (s *Server) operationRoutes(e *echo.Echo) {
	e.POST("/oauth/token", s.issueToken)
	e.GET("/hooks/:app_id", s.Hooks.verify)
	e.POST("/hooks/:app_id", s.Hooks.receive)
	s.openMessagingRoutes(e)
	s.openConversationRoutes(e)
	s.openIntegrationRoutes(e)
	e.GET("/healthz", func(c echo.Context) error { return health(c, http.StatusOK, api.HealthStatusOk) })
	e.GET("/readyz", s.ready)
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})))
	e.GET("/openapi.yaml", func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", api.SpecYAML) })
	e.GET("/docs", s.showDocs)
	e.GET("/openapi.json", func(c echo.Context) error { return c.JSONBlob(http.StatusOK, s.Contract.json) })
}

func health(c echo.Context, status int, word api.HealthStatus) error {
	return c.JSONBlob(status, encode(api.Health{Status: word}))
}

// readyTimeout bounds the question whether the database answers.
const readyTimeout = 2 * time.Second

func (s *Server) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.Log.WarnContext(ctx, "not ready", "error", err)
		return health(c, http.StatusServiceUnavailable, api.HealthStatusUnavailable)
	}
	return health(c, http.StatusOK, api.HealthStatusOk)
}

// metrics are the figures of this node; no label holds anything of a customer's.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	typing   *prometheus.CounterVec
}

func newMetrics(removed map[string]func() int64) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parley_http_requests_total", Help: "Requests by route and status."},
			[]string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "parley_http_request_duration_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, []string{"method", "route"})}
	m.typing = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parley_inbound_typing_total", Help: "Signs of customers typing, by what became of them: heard or dropped."},
		[]string{"fate"})
	for kind, count := range removed {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "parley_rows_removed_total",
			Help: "Old rows that this node has removed.", ConstLabels: prometheus.Labels{"kind": kind}}, func() float64 { return float64(count()) }))
	}
	m.registry.MustRegister(m.requests, m.duration, m.typing, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(method, route).Observe(took.Seconds())
}
