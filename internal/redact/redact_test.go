// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// token returns a secret that is no real one, and that scanners of this repository do not take for one either.
func token(prefix string, n int) string {
	return prefix + strings.Repeat("Zk3vQ9xT7bLm2WcR", n/16+1)[:n]
}

func TestText(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9." + token("", 24) + "." + token("", 32)
	for _, c := range []struct{ name, in, want string }{
		{
			"storage",
			"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + token("", 86) + "==;EndpointSuffix=x",
			"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=[redacted];EndpointSuffix=x",
		},
		{
			"service bus",
			"Endpoint=sb://n/;SharedAccessKeyName=Root;SharedAccessKey=abc/def+g=",
			"Endpoint=sb://n/;SharedAccessKeyName=Root;SharedAccessKey=[redacted]",
		},
		{
			"SAS",
			"https://a.blob.core.windows.net/c/f?sv=2024&sp=r&sig=abc%2Fdef%3D&se=2",
			"https://a.blob.core.windows.net/c/f?sv=2024&sp=r&sig=[redacted]&se=2",
		},
		{"password=", "connect: password=hunter2 rejected", "connect: password=[redacted] rejected"},
		{"passwd", "passwd=hunter2", "passwd=[redacted]"},
		{
			"Password in SQL",
			"Server=tcp:x,1433;User Id=u;Password=a,b)c;Encrypt=True",
			"Server=tcp:x,1433;User Id=u;Password=[redacted];Encrypt=True",
		},
		{"quoted", `password="a b;c" x`, `password="[redacted]" x`},
		{"docker auth", `{"auths":{"r.io":{"auth":"dXNlcjpwYXNz"}}}`, `{"auths":{"r.io":{"auth":"[redacted]"}}}`},
		{"dockerconfigjson", ".dockerconfigjson: eyJhdXRocyI6e30=", ".dockerconfigjson: [redacted]"},
		{"dockerconfigjson alone", "data eyJhdXRocyI6eyJyLmlvIjp7fX19 x", "data [redacted] x"},
		{"AWS", "key AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE", "key [redacted] and [redacted]"},
		{"AWS secret", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = [redacted]"},
		{"OpenAI", "got " + token("sk-proj-", 40) + ".", "got [redacted]."},
		{"Hugging Face", "token hf_abcdefghijklmnopqrstuv used", "token [redacted] used"},
		{
			"GitHub",
			token("ghp_", 36) + " " + token("github_pat_", 40) + " " + token("gho_", 36),
			"[redacted] [redacted] [redacted]",
		},
		{"GitLab", token("glpat-", 20), "[redacted]"},
		{"npm", "//registry.npmjs.org/:_authToken=" + token("npm_", 36), "//registry.npmjs.org/:_authToken=[redacted]"},
		{"Slack", "xoxb-123456789012-" + token("", 24), "[redacted]"},
		{"Entra ID", "secret abc8Q~" + token("", 34) + " expired", "secret [redacted] expired"},
		{"bearer", "Authorization: Bearer abcdefghijkl", "Authorization: Bearer [redacted]"},
		{"basic", "authorization=Basic dXNlcjpwYXNz", "authorization=Basic [redacted]"},
		{"basic alone", "sent Basic dXNlcjpwYXNzMQ== to x", "sent Basic [redacted] to x"},
		{"header in JSON", `{"Authorization":"Bearer abcdefghijkl","x":1}`, `{"Authorization":"Bearer [redacted]","x":1}`},
		{"header without scheme", "Authorization: " + token("", 20), "Authorization: [redacted]"},
		{"api key header", "X-Api-Key: " + token("", 20), "X-Api-Key: [redacted]"},
		{"JWT", "got " + jwt + " from x", "got [redacted] from x"},
		{"PEM", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nmore", "[redacted]\nmore"},
		{"PEM escaped", `"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"`, `"[redacted]\n"`},
		{"PEM cut", "a -----BEGIN OPENSSH PRIVATE KEY-----\nabc", "a [redacted]"},
		{
			"PEM in base64",
			base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----\nabcdefghijkl\n")),
			"[redacted]",
		},
		{"user info", "https://user:pw@host/x", "https://[redacted]@host/x"},
		{"user info with @", "https://user:p@w@host/x", "https://[redacted]@host/x"},
		{"user info with /", "https://user:p/w@host/x", "https://[redacted]@host/x"},
		{"token as user", "https://sometoken@host/x", "https://[redacted]@host/x"},
		{"database", "postgres://u:pw@db:5432/x", "postgres://[redacted]@db:5432/x"},
		{"flag", "vllm serve --api-key=abc --port=80", "vllm serve --api-key=[redacted] --port=80"},
		{
			"flag and argument",
			"vllm serve --api-key abc1 --hf-token 'x' --port 80",
			"vllm serve --api-key [redacted] --hf-token '[redacted]' --port 80",
		},
		{
			"flag after a switch",
			"vllm --verbose --api-key abc1 -v --hf-token=x",
			"vllm --verbose --api-key [redacted] -v --hf-token=[redacted]",
		},
		{
			"two headers",
			"Authorization: abc1 Authorization: Bearer def",
			"Authorization: [redacted] Authorization: Bearer [redacted]",
		},
		{"digest", "Authorization: Digest username=\"a\", response=\"b\"", "Authorization: Digest [redacted]"},
		{"flag in JSON", `["--token", "s3cret", "--x"]`, `["--token", "[redacted]", "--x"]`},
		{"flag in YAML", "- --token\n- s3cret\n- x", "- --token\n- [redacted]\n- x"},
		{"environment", "HF_TOKEN=abc python x", "HF_TOKEN=[redacted] python x"},
		{
			"YAML",
			"a: b\nHF_TOKEN: value\npassword: correct horse\nc: d",
			"a: b\nHF_TOKEN: [redacted]\npassword: [redacted]\nc: d",
		},
		{"YAML block", "password: |\n  one\n  two\nc: d", "password: |\n  [redacted]\nc: d"},
		{
			"variable in YAML",
			"env:\n- name: HF_TOKEN\n  value: abc\n- name: A\n  value: b",
			"env:\n- name: HF_TOKEN\n  value: [redacted]\n- name: A\n  value: b",
		},
		{"variable in JSON", `{"name":"API_KEY","value":"abc"}`, `{"name":"API_KEY","value":"[redacted]"}`},
		{
			"Secret in YAML",
			"kind: Secret\ndata:\n  a: YQ==\n  b: Yg==\ntype: Opaque",
			"kind: Secret\ndata:\n  a: [redacted]\n  b: [redacted]\ntype: Opaque",
		},
		{
			"Secret in JSON",
			`{"kind":"Secret","data":{"a":"YQ=="},"type":"Opaque"}`,
			`{"kind":"Secret","data":{[redacted]},"type":"Opaque"}`,
		},
		{"escaped JSON", `{\"client_secret\":\"abc\",\"x\":1}`, `{\"client_secret\":\"[redacted]\",\"x\":1}`},
		{
			"token endpoint",
			"grant_type=x&client_secret=abc&client_assertion=def&scope=z",
			"grant_type=x&client_secret=[redacted]&client_assertion=[redacted]&scope=z",
		},
		{"code in a query", "https://h/cb?code=abc&x=1", "https://h/cb?code=[redacted]&x=1"},
		{
			"pasted as a name",
			`presetOptions.modelAccessSecret: "Zk3vQ9xT7bLm2WcR" is not valid`,
			`presetOptions.modelAccessSecret: "[redacted]" is not valid`,
		},
		{
			"Slack hook",
			"https://hooks.slack.com/services/T0/B0/" + token("", 24),
			"https://hooks.slack.com/services/[redacted]",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Text(c.in)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.want, Text(c.want)); diff != "" {
				t.Errorf("again: %s", diff)
			}
			// Within a string of JSON as well.
			quoted, err := json.Marshal(c.in)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := json.Unmarshal(JSON(quoted), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("as JSON: %s", diff)
			}
		})
	}
}

func TestTextKeeps(t *testing.T) {
	for _, s := range []string{
		"http://127.0.0.1:8080/", "http://[::1]:8080/x@y", "listen http://localhost:8080/a@b: refused", "https://h:443?x=a@b",
		"ssh://git@github.com/a/b.git", "git@github.com:a/b.git", "image registry.io/team/hf-token:v1.2.3 not found",
		"image r.io/a/b@sha256:" + strings.Repeat("0123456789abcdef", 4), "commit 9be0d11b4a6cd3d9ee5f5e7f7d1e5c9cb7b1f2aa",
		"request 6f9619ff-8b86-d011-b42d-00cf4fc964ff", "Basic authentication is not supported", "basic pod security",
		"bearer authentication needed", "inference.preset.presetOptions.modelAccessSecret: must be a name",
		`modelAccessSecret: "hf-token" is missing`, "password: is required", "the token: must not be empty",
		"secretName: hf-token", "modelAccessSecret: hf-token",
		"token=$(HF_TOKEN)", `token="$HF_TOKEN"`, "curl -H \"Authorization: Bearer $HF_TOKEN\"",
		"--api-key is not allowed here",
		"SharedAccessKeyName=Root", "max_tokens=100", "eos_token: </s>", "HF_TOKEN_PATH=/var/run/token", "--token-file=/x/y",
		"tokenizer_mode=auto", "TOKENIZERS_PARALLELISM=false", "PWD=/home/user/x", "exit code=137", "key=value",
		"monkey: banana",
		"ExternalSecret/hf-token: admission webhook denied the request", "Secret/hf-token: Internal error occurred",
		"AuthorizationFailed: The client does not have authorization", "Authorization: is missing in the request",
		"pool wtuning1: 1 of 1 nodes", "a.yaml:12:3: error: resource.instanceType: unknown size",
		"task-running-for-a-long-time-now", "risk-assessment-of-the-model", "kind: Secret", "--token is not allowed",
		"sk-learn-something-ordinary-here", "hf_transfer", "HF_HUB_ENABLE_HF_TRANSFER=1", "[redacted]", "",
		`secrets "hf-token" is forbidden: User "system:serviceaccount:default:syncer" cannot get resource`,
	} {
		if got := Text(s); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}

// showsSecrets are files that no text of syncer quotes: pages about what it refuses, and a language in which an equals
// sign follows the word for credentials.
var showsSecrets = map[string]bool{"PlainSecret.md": true, "SecretInConfig.md": true, "azure.bicep": true}

// TestTextKeepsWhatWeWrite: the presets, the examples and the documents hold no secret, and none of them changes.
func TestTextKeepsWhatWeWrite(t *testing.T) {
	files := 0
	for _, dir := range []string{"../../presets", "../../example-repo", "../../docs", "../render/testdata"} {
		err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || showsSecrets[d.Name()] {
				return err
			}
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			files++
			if diff := cmp.Diff(strings.Split(string(data), "\n"), strings.Split(Text(string(data)), "\n")); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 50 {
		t.Errorf("only %d files were looked at", files)
	}
}

func TestObject(t *testing.T) {
	in := map[string]any{
		"kind": "Pod",
		"metadata": map[string]any{
			"name":        "a",
			"annotations": map[string]any{"x/api-key": "abc", "note": "see https://u:p@h/", token("ghp_", 20): "x"},
		},
		"spec": map[string]any{
			"containers": []any{map[string]any{
				"args": []any{"--token", "abc", "--port", "80", "--api-key=abc", "--token", "--x"},
				"env": []any{
					map[string]any{"name": "HF_TOKEN", "value": "abc"},
					map[string]any{"name": "A", "value": "b"},
					map[string]any{
						"name":      "HF_TOKEN",
						"valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "s", "key": "k"}},
					},
					map[string]any{"name": "API_KEY", "value": "$(OTHER)"},
				},
			}},
			"volumes": []any{map[string]any{"secret": map[string]any{"secretName": "hf-token"}}},
			"count":   int64(3),
		},
	}
	want := map[string]any{
		"kind": "Pod",
		"metadata": map[string]any{
			"name":        "a",
			"annotations": map[string]any{"x/api-key": Mark, "note": "see https://[redacted]@h/", Mark: "x"},
		},
		"spec": map[string]any{
			"containers": []any{map[string]any{
				"args": []any{"--token", Mark, "--port", "80", "--api-key=" + Mark, "--token", "--x"},
				"env": []any{
					map[string]any{"name": "HF_TOKEN", "value": Mark},
					map[string]any{"name": "A", "value": "b"},
					map[string]any{
						"name":      "HF_TOKEN",
						"valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "s", "key": "k"}},
					},
					map[string]any{"name": "API_KEY", "value": "$(OTHER)"},
				},
			}},
			"volumes": []any{map[string]any{"secret": map[string]any{"secretName": "hf-token"}}},
			"count":   int64(3),
		},
	}
	if diff := cmp.Diff(want, Object(in)); diff != "" {
		t.Error(diff)
	}
	secret := map[string]any{"kind": "Secret", "data": map[string]any{"a": "YQ=="}, "stringData": map[string]any{"b": "c"}}
	hiddenData := map[string]any{
		"kind":       "Secret",
		"data":       map[string]any{"a": Mark},
		"stringData": map[string]any{"b": Mark},
	}
	if diff := cmp.Diff(hiddenData, Object(secret)); diff != "" {
		t.Error(diff)
	}
	if Object(nil) != nil {
		t.Error("nil does not stay nil")
	}
}

func TestPair(t *testing.T) {
	object := func(a, b string) map[string]any {
		return map[string]any{"kind": "ConfigMap", "data": map[string]any{"password": a, "text": "x password=" + b + "\n"}}
	}
	a, b := Pair(object("one", "same"), object("two", "same"))
	if diff := cmp.Diff(object(Mark+" (before)", Mark), a); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object(Mark+" (after)", Mark), b); diff != "" {
		t.Error(diff)
	}
	a, b = Pair(object("one", "x"), object("one", "y"))
	if diff := cmp.Diff(object(Mark, Mark+" (before)"), a); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object(Mark, Mark+" (after)"), b); diff != "" {
		t.Error(diff)
	}
}

func TestKnown(t *testing.T) {
	var k Known
	k.Learn("bot", "p@ss/word")
	k.Learn("bot", "")
	for in, want := range map[string]string{
		"password p@ss/word is wrong": "password [redacted] is wrong", "p%40ss%2Fword": "[redacted]", "a b": "a b",
		"header " + base64.StdEncoding.EncodeToString([]byte("bot:p@ss/word")): "header [redacted]",
	} {
		if got := k.Text(in); got != want {
			t.Errorf("%q becomes %q", in, got)
		}
	}
	for _, s := range []string{"secret1", "secret2", "secret3", "secret4"} {
		k.Learn("bot", s)
	}
	if got := k.Text("p@ss/word secret1"); got != "p@ss/word [redacted]" {
		t.Errorf("after four more: %q", got)
	}
}

// TestTextOfLongText: text that is made to be looked at again and again takes no longer than its length.
func TestTextOfLongText(t *testing.T) {
	for _, s := range []string{
		"token=\"$(", "token: $(x) ", "token: |\n", "--token $(x) ", "--a b ", "Authorization: $(x) ", "password: is ",
		"kind: Secret ",
		"data: {", "name: TOKEN value: ", "://a:", "eyJhdXRo ", "LS0tLS1CRUdJTi", "=", ":", "-----BEGIN PRIVATE KEY-----",
		"bearer ", "\\\"",
	} {
		Text(strings.Repeat(s, 1<<18/len(s)))
	}
}

func TestMapJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": "b\"c", "n": 1}`: `{"A": "B\"C", "N": 1}`,
		`"broken`:               `"broken`,
		`[]`:                    `[]`,
		`"A"`:                   `"A"`,
		`"a\u0041"`:             `"AA"`,
	} {
		if got := string(MapJSON([]byte(in), strings.ToUpper)); got != want {
			t.Errorf("%s becomes %s", in, got)
		}
	}
}

// FuzzText: a second look finds nothing more, marks bring no line breaks along, and a token is found wherever it
// stands.
func FuzzText(f *testing.F) {
	for _, s := range []string{
		"password=a b", "Authorization: Bearer x y z", "https://u:p@h:80/a@b", "kind: Secret\ndata:\n  a: b", "--token\n- x",
		`{"auth":"x"}`, "-----BEGIN PRIVATE KEY-----\\nabc", "name: HF_TOKEN\nvalue: x", "token: |\n  a\nb", `\"secret\":\"`,
		"a=b&code=c", "sig==", "://:@", "pwd: [redacted] (before)",
	} {
		f.Add(s)
	}
	secret := token("ghp_", 36)
	f.Fuzz(func(t *testing.T, s string) {
		out := Text(s)
		if want := slow(s); want != out {
			t.Fatalf("%q becomes %q, want %q", s, out, want)
		}
		if again := Text(out); again != out {
			t.Fatalf("%q becomes %q, and then %q", s, out, again)
		}
		if strings.Count(out, "\n") > strings.Count(s, "\n") {
			t.Fatalf("%q has more lines than %q", out, s)
		}
		if got := Text(s + " " + secret + " " + s); strings.Contains(got, secret) {
			t.Fatalf("a token is left in %q", got)
		}
		if json.Valid([]byte(s)) && !json.Valid(JSON([]byte(s))) {
			t.Fatalf("%q is no JSON any more", s)
		}
	})
}

// FuzzObject: of an object, Object shows no token wherever it stands, nothing of the data of a Secret, and no value of
// a variable whose name says that it is one. A second look changes nothing, and two versions that differ stay
// different.
func FuzzObject(f *testing.F) {
	secret := token("ghp_", 36)
	for _, s := range []string{
		"{kind: Secret, data: {a: QQ==}}", "{kind: ConfigMap, data: {TOKEN: TOKEN}}", "{a: [--token, TOKEN]}",
		"{env: [{name: HF_TOKEN, value: TOKEN}]}", "{TOKEN: {TOKEN: TOKEN}}",
		"{kind: List, items: [{kind: Secret, stringData: {a: TOKEN}}]}",
		"{a: 'x=TOKEN;y'}", "{binaryData: {a: BASE64}}", "{a: [BASE64, 'x: BASE64']}", "{binaryData: {a: TOKEN}}",
		"{kind: Secret, data: [TOKEN]}", "{kind: Secret, data: TOKEN}",
		"{name: x, value: [TOKEN]}", "{secretName: TOKEN}", "{a: '[redacted]', b: '[redacted] (before)'}",
		"{a: null, 1: TOKEN}",
	} {
		f.Add(s)
	}
	glued := regexp.MustCompile(`[^\s:,{}\[\]"'=;](TOKEN|BASE64)|(TOKEN|BASE64)[^\s:,{}\[\]"'=;]`)
	decode := func(s string) map[string]any {
		var o map[string]any
		if yaml.Unmarshal([]byte(s), &o) != nil {
			return nil
		}
		return o
	}
	f.Fuzz(func(t *testing.T, s string) {
		if glued.MatchString(s) {
			return // letters at its side make another word of a token
		}
		coded := base64.StdEncoding.EncodeToString([]byte("a line\n" + secret + "\n"))
		o := decode(strings.NewReplacer("TOKEN", secret, "BASE64", coded).Replace(s))
		if o == nil {
			return
		}
		shown := Object(o)
		text, err := json.Marshal(shown)
		if err != nil || strings.Contains(string(text), secret) || strings.Contains(string(text), `"`+coded+`"`) {
			t.Fatalf("%q: %s, %v", s, text, err)
		}
		if diff := cmp.Diff(shown, Object(shown)); diff != "" {
			t.Fatalf("%q: a second look changes %s", s, diff)
		}
		data := map[string]any{"key": "v" + s}
		inside := map[string]any{"kind": "Secret", "data": data, "name": "API_TOKEN", "value": "v" + s}
		hidden := Object(inside)
		if hidden["value"] != Mark || hidden["data"].(map[string]any)["key"] != Mark {
			t.Fatalf("%q: %v", s, hidden)
		}
		before, after := Pair(o, map[string]any{"other": s})
		if _, err := json.Marshal([]any{before, after}); err != nil {
			t.Fatal(err)
		}
		again, _ := Pair(inside, map[string]any{"kind": "Secret", "data": map[string]any{"key": "other"}})
		if again["data"].(map[string]any)["key"] != Mark+" (before)" {
			t.Fatalf("%q: a change of a Secret is not shown: %v", s, again)
		}
	})
}

// TestObjectKeepsWhatWeRender: no object that syncer makes holds a secret, and none of them changes.
func TestObjectKeepsWhatWeRender(t *testing.T) {
	files, err := filepath.Glob("../render/testdata/golden/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range strings.Split("\n"+string(data), "\n---\n") {
			var o map[string]any
			if yaml.Unmarshal([]byte(document), &o) != nil || o["kind"] == nil {
				continue
			}
			objects++
			if diff := cmp.Diff(o, Object(o)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	if objects < 20 {
		t.Errorf("only %d objects were looked at", objects)
	}
}

// TestTemplates: what an ExternalSecret or a SealedSecret puts into its Secret is as secret as the data of that.
func TestTemplates(t *testing.T) {
	template := func(value string) map[string]any {
		return map[string]any{"metadata": map[string]any{"name": "kept"}, "data": map[string]any{"pw": value}}
	}
	for kind, spec := range map[string]func(value string) map[string]any{
		"ExternalSecret": func(v string) map[string]any {
			return map[string]any{"target": map[string]any{"template": template(v)}}
		},
		"SealedSecret": func(v string) map[string]any { return map[string]any{"template": template(v)} },
	} {
		before := map[string]any{"kind": kind, "spec": spec("correct horse")}
		a, b := Pair(before, map[string]any{"kind": kind, "spec": spec("battery staple")})
		shown := fmt.Sprint(a, b)
		if strings.Contains(shown, "horse") || strings.Contains(shown, "staple") || !strings.Contains(shown, "kept") {
			t.Errorf("%s: %s", kind, shown)
		}
		if reflect.DeepEqual(a, b) {
			t.Errorf("%s: two values look alike: %s", kind, shown)
		}
		if !strings.Contains(fmt.Sprint(before), "correct horse") {
			t.Errorf("%s: the object itself is changed", kind)
		}
	}
}
