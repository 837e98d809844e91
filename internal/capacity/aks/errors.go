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
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &resp):
		return fromResponse(resp)
	case errors.As(err, &auth):
		return &capacity.CloudError{Class: capacity.ClassPermission, Code: "AuthenticationFailed", Message: redact(auth.Error()), Err: err}
	}
	return &capacity.CloudError{Class: capacity.ClassTransient, Code: "Unreachable", Message: redact(err.Error()), Err: err}
}

func fromResponse(resp *azcore.ResponseError) *capacity.CloudError {
	out := &capacity.CloudError{Code: resp.ErrorCode, Message: redact(messageOf(resp)), Err: resp}
	out.Class = capacity.Classify(resp.ErrorCode, out.Message)
	if resp.RawResponse != nil {
		if s, err := strconv.Atoi(resp.RawResponse.Header.Get("Retry-After")); err == nil && s > 0 {
			out.RetryAfter = min(time.Duration(s)*time.Second, time.Hour)
		}
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

// messageOf finds Azure's own words in the answer: AKS answers flat, other providers put an "error" around it, and a failed
// operation has its error inside the operation.
func messageOf(resp *azcore.ResponseError) string {
	if resp.RawResponse == nil || resp.RawResponse.Body == nil {
		return resp.ErrorCode
	}
	data, err := io.ReadAll(io.LimitReader(resp.RawResponse.Body, 64<<10)) // the SDK has it in memory
	if err != nil {
		return resp.ErrorCode
	}
	var body struct {
		Message string `json:"message"`
		Error   struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(data, &body) != nil {
		return resp.ErrorCode
	}
	if body.Error.Message != "" {
		return body.Error.Message
	}
	return body.Message
}

func isConflict(err error) bool {
	var resp *azcore.ResponseError
	return errors.As(err, &resp) && (resp.StatusCode == http.StatusPreconditionFailed || resp.StatusCode == http.StatusConflict)
}

var secretInText = regexp.MustCompile(`(?i)(bearer\s+|[?&](?:sig|token|code|client_secret|access_token)=)[^\s&"']+`)

// redact takes tokens and signatures out of a text.
func redact(s string) string { return secretInText.ReplaceAllString(s, "${1}[redacted]") }
