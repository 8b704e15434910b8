package httpapi

import (
	"context"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// usualWindow is how far back statistics look unless asked otherwise.
const usualWindow = 1800

// GetQueueStatistics serves GET /v1/queues/{id}/statistics.
func (s *Server) GetQueueStatistics(ctx context.Context, r api.GetQueueStatisticsRequestObject) (api.GetQueueStatisticsResponseObject, error) {
	q, err := s.Store.Queue(ctx, principal(ctx).Organization, domain.QueueID(r.ID))
	if err != nil {
		return nil, err
	}
	window := r.Params.WindowSeconds
	if window == 0 {
		window = usualWindow
	}
	now, target := s.Now(), time.Duration(q.Rules.ServiceLevel.Seconds)*time.Second
	stats, err := s.Store.QueueStatistics(ctx, q.Organization, q.ID, now.Add(-time.Duration(window)*time.Second), target)
	if err != nil {
		return nil, err
	}
	return api.GetQueueStatistics200JSONResponse(toStatistics(q, stats, now, window)), nil
}

func toStatistics(q domain.Queue, stats domain.QueueStatistics, now time.Time, window int) api.QueueStatistics {
	recent := stats.Recent
	out := api.QueueStatistics{QueueID: string(q.ID), Time: api.At(now), Waiting: stats.Waiting, Alerting: stats.Alerting, Connected: stats.Connected,
		Held: stats.Held, WrapUp: stats.WrapUp, WindowSeconds: window, Offered: recent.Offered, Answered: recent.Answered, Abandoned: recent.Abandoned,
		AbandonRate: recent.AbandonRate(), Complete: !recent.Partial,
		Agents: api.QueueAgents{OnQueue: stats.Agents.OnQueue, Idle: stats.Agents.Idle, Interacting: stats.Agents.Interacting, NotResponding: stats.Agents.NotResponding},
		ServiceLevel: api.MeasuredServiceLevel{Percentage: q.Rules.ServiceLevel.Percentage, Seconds: q.Rules.ServiceLevel.Seconds,
			Measured: recent.ServiceLevel()}}
	if waited := stats.WaitedFor(now); waited != nil {
		since, seconds := api.At(*stats.OldestWaiting), waited.Seconds()
		out.OldestWaitingSince, out.OldestWaitSeconds = &since, &seconds
	}
	return out
}
