// SPDX-License-Identifier: Apache-2.0

package azuredevops

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"syncer.dev/syncer/internal/review/forgehttp"
)

// maxRefusal bounds what is read of a refusal, in bytes.
const maxRefusal = 64 << 10

// answers checks what the server says before the SDK sees it. The SDK loses the status of an answer that is no JSON,
// follows pointers that the server may have left out, and keeps the locations of resources for the life of the process,
// wrong ones too.
type answers struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper. The error is a *forgehttp.StatusError unless the answer is one of success.
func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 || !isJSON(answer) {
		err := refusal(answer)
		return nil, errors.Join(err, answer.Body.Close())
	}
	// The SDK writes this header to a variable of its package without a lock.
	answer.Header.Del("X-TFS-Session")
	if r.Method == http.MethodOptions {
		return answer, locations(answer)
	}
	return answer, nil
}

func isJSON(answer *http.Response) bool {
	return strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json")
}

// refusal returns the error for an answer. The service answers 203 or 302, and a page to sign in, to a token that it
// does not know.
func refusal(answer *http.Response) error {
	code := answer.StatusCode
	data, _ := io.ReadAll(io.LimitReader(answer.Body, maxRefusal)) // a cut text serves too
	var document struct{ Message string }
	text := http.StatusText(code)
	switch location := answer.Header.Get("Location"); {
	case code/100 == 2:
		code, text = http.StatusUnauthorized, "the answer is a page to sign in"
	case code/100 == 3:
		text = "it points to " + location
		if strings.Contains(strings.ToLower(location), "_signin") {
			code = http.StatusUnauthorized
		}
	case json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &document) == nil && document.Message != "":
		text = document.Message
	}
	return &forgehttp.StatusError{Code: code, Err: fmt.Errorf("%d: %s", answer.StatusCode, text)}
}

// used are the resources that this package asks for, by their identifiers in the SDK.
var used = map[string]string{
	"00d9565f-ed9c-4a06-9a50-00e7896ccab4": "connection data",
	"9946fd70-0d40-406e-b686-b4744cbbcc37": "pull requests",
	"d43911ee-6958-46b0-a42b-8445b8a0d004": "iterations of pull requests",
	"75cf11c5-979f-4038-a76e-058a06adf2bf": "statuses of iterations",
	"ab6e2e5d-a0b7-4153-b64a-a4efe0d49449": "threads of pull requests",
	"965a3ec7-5ed8-455a-bdcb-835a5ea7fe7b": "comments of threads",
	"428dd4fb-fda5-4722-af02-9313b80305da": "statuses of commits",
}

// resource is where a resource is.
type resource struct {
	ID              string `json:"id"`
	Area            string `json:"area"`
	ResourceName    string `json:"resourceName"`
	RouteTemplate   string `json:"routeTemplate"`
	ResourceVersion int    `json:"resourceVersion"`
	MinVersion      string `json:"minVersion"`
	MaxVersion      string `json:"maxVersion"`
	ReleasedVersion string `json:"releasedVersion"`
}

// locations reduces the answer to OPTIONS /_apis to the resources that are used. It fails if one is missing, so that
// the SDK does not remember such an answer.
func locations(answer *http.Response) error {
	data, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return fmt.Errorf("read the locations of resources: %w", err)
	}
	var list struct {
		Value []resource `json:"value"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &list); err != nil {
		return fmt.Errorf("read the locations of resources: %w", err)
	}
	found := map[string]resource{}
	for _, r := range list.Value {
		id := strings.ToLower(r.ID)
		if _, ok := used[id]; ok && strings.Contains(r.RouteTemplate, "{resource}") && r.Area != "" {
			found[id] = r
		}
	}
	var out struct {
		Count int        `json:"count"`
		Value []resource `json:"value"`
	}
	for id, name := range used {
		r, ok := found[id]
		if !ok {
			return fmt.Errorf("the server has no %s: is review.url the address of Azure DevOps?", name)
		}
		out.Value = append(out.Value, r)
	}
	out.Count = len(out.Value)
	if data, err = json.Marshal(out); err != nil {
		return err
	}
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	return nil
}
