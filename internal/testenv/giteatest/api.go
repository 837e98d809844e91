// SPDX-License-Identifier: Apache-2.0

package giteatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"syncer.dev/syncer/internal/testenv"
)

// A User signs in to the server with a password or a token, which may do all that the user may do.
type User struct {
	Name     string
	Password string
	Token    string

	server *Server
}

// User makes a user.
func (s *Server) User(name string) *User {
	s.t.Helper()
	u := &User{Name: name, Password: name + "-password", server: s}
	s.Admin.Call(http.MethodPost, "/admin/users", object{
		"username": name, "email": name + "@example.com", "password": u.Password, "must_change_password": false,
	}, nil)
	var token struct{ SHA1 string }
	u.Call(http.MethodPost, "/users/"+name+"/tokens", object{"name": "test", "scopes": []string{"all"}}, &token)
	u.Token = token.SHA1
	return u
}

// Server returns the server of the user.
func (u *User) Server() *Server { return u.server }

// On returns the user for a subtest, whose failures belong to t.
func (u *User) On(t T) *User { return u.server.On(t).as(u) }

// object is a JSON object.
type object = map[string]any

// Call calls the API as the user, with a path below /api/v1, and ends the test if it refuses. In and out are JSON, or
// nil; an out of type *string gets the text as it is.
func (u *User) Call(method, path string, in, out any) {
	t := u.server.t
	t.Helper()
	ctx, cancel := u.server.context()
	defer cancel()
	if err := u.call(ctx, method, path, in, out); err != nil {
		t.Fatalf("%v\n%s", err, u.server.Log())
	}
}

// context lasts a little less long than the test.
func (s *Server) context() (context.Context, context.CancelFunc) {
	if w, ok := s.t.(testenv.Waiter); ok {
		return testenv.Context(w)
	}
	return context.WithTimeout(context.Background(), startTimeout)
}

// refused is an answer that is not a success.
type refused struct {
	request string
	code    int
	body    string
}

func (r *refused) Error() string { return fmt.Sprintf("%s: %d %s", r.request, r.code, r.body) }

func (u *User) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.server.URL+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if u.Token != "" {
		req.Header.Set("Authorization", "token "+u.Token)
	} else {
		req.SetBasicAuth(u.Name, u.Password)
	}
	resp, err := u.server.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return &refused{request: method + " " + path, code: resp.StatusCode, body: strings.TrimSpace(string(data))}
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *string:
		*out = string(data)
		return nil
	default:
		return json.Unmarshal(data, out)
	}
}

// poll is how often the package looks for what the server does in the background.
const poll = 20 * time.Millisecond

// eventually polls until ok returns "". What a push brings is known to the API only a moment later.
func (s *Server) eventually(what string, ok func() (complaint string)) {
	s.t.Helper()
	ctx, cancel := s.context()
	defer cancel()
	for {
		complaint := ok()
		if complaint == "" {
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("%s: %s\n%s", what, complaint, s.Log())
			return
		case <-time.After(poll):
		}
	}
}
