// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/redact"
)

// wrapError turns an error of the SDK into a CloudError with its class. An error without an answer of Azure is
// transient.
func wrapError(err error) error {
	var resp *azcore.ResponseError
	var auth *azidentity.AuthenticationFailedError
	var kept *throttledError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &kept):
		return &kept.why
	case errors.As(err, &resp):
		return fromResponse(resp)
	case errors.As(err, &auth):
		return &capacity.CloudError{
			Class:   capacity.ClassPermission,
			Code:    "AuthenticationFailed",
			Message: redact.Text(auth.Error()),
			Err:     err,
		}
	}
	return &capacity.CloudError{
		Class:   capacity.ClassTransient,
		Code:    "Unreachable",
		Message: redact.Text(err.Error()),
		Err:     err,
	}
}

func fromResponse(resp *azcore.ResponseError) *capacity.CloudError {
	code, message := detailOf(resp).Root()
	out := &capacity.CloudError{
		Class:   capacity.Classify(code, message),
		Code:    code,
		Message: redact.Text(message),
		Err:     resp,
	}
	if resp.RawResponse != nil {
		out.RetryAfter = retryAfter(resp.RawResponse, time.Now())
	}
	if out.Class == capacity.ClassTransient || out.Class == capacity.ClassUnknown { // the status says a little
		switch status := resp.StatusCode; {
		case status == http.StatusTooManyRequests:
			out.Class = capacity.ClassThrottled
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			out.Class = capacity.ClassPermission
		case status == http.StatusPreconditionFailed:
			out.Class = capacity.ClassConflict
		case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
			out.Class = capacity.ClassTransient
		}
	}
	if out.Code == "" {
		out.Code = http.StatusText(resp.StatusCode)
	}
	return out
}

// detailOf finds Azure's error in the answer: AKS answers flat, other providers wrap it in "error", and a failed
// operation carries its error inside the operation.
func detailOf(resp *azcore.ResponseError) capacity.ErrorDetail {
	none := capacity.ErrorDetail{Code: resp.ErrorCode, Message: resp.ErrorCode}
	if resp.RawResponse == nil || resp.RawResponse.Body == nil {
		return none
	}
	data, err := io.ReadAll(io.LimitReader(resp.RawResponse.Body, 64<<10)) // the SDK has it in memory
	if err != nil {
		return none
	}
	var out capacity.ErrorDetail // "error" is its inner error
	if json.Unmarshal(data, &out) != nil {
		return none
	}
	if out.Inner != nil && out.Code == "" {
		out = *out.Inner
	}
	if out.Code == "" {
		out.Code = resp.ErrorCode
	}
	return out
}

// maxRetryAfter bounds the pause that an answer asks for. Azure's longest windows of throttling are an hour; a proxy
// may say anything.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header in each of its forms. It returns the full delay, which may be an hour: Azure extends the
// throttling of clients that ignore it.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	in := func(text string, unit time.Duration) (time.Duration, bool) {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n == 0 {
			return 0, false
		}
		return time.Duration(min(n, uint64(maxRetryAfter/unit))) * unit, true
	}
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if d, ok := in(resp.Header.Get(name), time.Millisecond); ok {
			return d
		}
	}
	text := resp.Header.Get("Retry-After")
	if d, ok := in(text, time.Second); ok {
		return d
	}
	if t, err := http.ParseTime(text); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

func isConflict(err error) bool {
	var resp *azcore.ResponseError
	return errors.As(err, &resp) &&
		(resp.StatusCode == http.StatusPreconditionFailed || resp.StatusCode == http.StatusConflict)
}
