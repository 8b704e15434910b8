package simulator

import (
	"context"
	"io"
	"net/http"
)

// fetch gets a file as platforms do: first its head, then all of it. It tells
// whether both were there and said the same.
func (s sender) fetch(ctx context.Context, address string) bool {
	size, ok := s.look(ctx, http.MethodHead, address)
	got, also := s.look(ctx, http.MethodGet, address)
	return ok && also && size == got
}

// look asks for a file and gives its size: what its head says, or what came.
func (s sender) look(ctx context.Context, method, address string) (size int64, ok bool) {
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return 0, false
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, false
	}
	defer response.Body.Close()
	if size, err = io.Copy(io.Discard, response.Body); method == http.MethodHead {
		size = response.ContentLength
	}
	return size, err == nil && response.StatusCode == http.StatusOK
}
