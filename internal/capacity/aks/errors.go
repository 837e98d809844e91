package aks

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"syncer.dev/syncer/internal/capacity"
)

// trouble classifies an error of the SDK. What is not from Azure itself is a network that may come back.
func trouble(err error) error {
	var resp *azcore.ResponseError
	var auth *azidentity.AuthenticationFailedError
	var kept *keptBack
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &kept):
		return &kept.why
	case errors.As(err, &resp):
		return fromResponse(resp)
	case errors.As(err, &auth):
		return &capacity.CloudError{Class: capacity.ClassPermission, Code: "AuthenticationFailed", Message: redact(auth.Error()), Err: err}
	}
	return &capacity.CloudError{Class: capacity.ClassTransient, Code: "Unreachable", Message: redact(err.Error()), Err: err}
}

func fromResponse(resp *azcore.ResponseError) *capacity.CloudError {
	code, message := detailOf(resp).Root()
	out := &capacity.CloudError{Code: code, Message: redact(message), Err: resp, Class: capacity.Classify(code, message)}
	if resp.RawResponse != nil {
		out.RetryAfter = retryAfter(resp.RawResponse, time.Now())
	}
	if out.Class == capacity.ClassTransient { // an unknown code: the status says a little
		switch resp.StatusCode {
		case http.StatusTooManyRequests:
			out.Class = capacity.ClassThrottled
		case http.StatusUnauthorized, http.StatusForbidden:
			out.Class = capacity.ClassPermission
		case http.StatusPreconditionFailed:
			out.Class = capacity.ClassConflict
		case http.StatusBadRequest:
			out.Class = capacity.ClassInvalid
		}
	}
	if out.Code == "" {
		out.Code = http.StatusText(resp.StatusCode)
	}
	return out
}

// detailOf finds Azure's own words in the answer: AKS answers flat, other providers put an "error" around it, and a failed
// operation has its error inside the operation.
func detailOf(resp *azcore.ResponseError) capacity.ErrorDetail {
	none := capacity.ErrorDetail{Code: resp.ErrorCode, Message: resp.ErrorCode}
	if resp.RawResponse == nil || resp.RawResponse.Body == nil {
		return none
	}
	data, err := io.ReadAll(io.LimitReader(resp.RawResponse.Body, 64<<10)) // the SDK has it in memory
	if err != nil {
		return none
	}
	var body struct {
		capacity.ErrorDetail
		Error *capacity.ErrorDetail `json:"error"`
	}
	if json.Unmarshal(data, &body) != nil {
		return none
	}
	out := body.ErrorDetail
	if body.Error != nil {
		out = *body.Error
	}
	if out.Code == "" {
		out.Code = resp.ErrorCode
	}
	return out
}

// retryAfter reads the header in each of its forms. It is not cut short: Azure throttles for an hour at times, and comes back
// with a longer ban to those who do not listen.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if ms, err := strconv.Atoi(resp.Header.Get(name)); err == nil && ms > 0 {
			return time.Duration(ms) * time.Millisecond
		}
	}
	text := resp.Header.Get("Retry-After")
	if s, err := strconv.Atoi(text); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}

func isConflict(err error) bool {
	var resp *azcore.ResponseError
	return errors.As(err, &resp) && (resp.StatusCode == http.StatusPreconditionFailed || resp.StatusCode == http.StatusConflict)
}

// secrets are tokens and signatures in the words of errors: in headers, URLs, JSON, forms, user info, and bare JWTs.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:bearer|basic|sharedaccesssignature)\s+)[^\s"',;]+`),
	regexp.MustCompile(`(?i)((?:^|[?&;\s])(?:sig|signature|token|code|client_secret|client_assertion|assertion|password|access_token|refresh_token|id_token)=)[^\s&"',;]+`),
	regexp.MustCompile(`(?i)("?(?:access_token|refresh_token|id_token|client_secret|client_assertion|password|primaryKey|secondaryKey)"?\s*:\s*")[^"]+`),
	regexp.MustCompile(`(?i)(://[^/\s:@]+:)[^/\s@]+`),
	regexp.MustCompile(`()eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,2}`),
}

// redact takes secrets out of a text.
func redact(s string) string {
	for _, r := range secrets {
		s = r.ReplaceAllString(s, "${1}[redacted]")
	}
	return s
}
