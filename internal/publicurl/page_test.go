// SPDX-License-Identifier: Apache-2.0

package publicurl_test

import (
	"testing"

	"syncer.dev/syncer/internal/publicurl"
)

func TestPage(t *testing.T) {
	const hf = "https://huggingface.co/datasets/"
	for _, tt := range []struct {
		url  string
		page bool
		file string
	}{
		{hf + "example/talk/blob/main/train.parquet", true, hf + "example/talk/resolve/main/train.parquet"},
		{hf + "example/talk/blob/main/a%20b/train.parquet?x=1", true, hf + "example/talk/resolve/main/a%20b/train.parquet"},
		{hf + "example/talk/resolve/main/train.parquet?download=true", false, ""},
		{hf + "example/talk/raw/main/train.json", false, ""},
		{hf + "example/talk/viewer/default/train", true, ""},
		{hf + "example/talk/tree/main", true, ""},
		{hf + "example/talk", true, ""},
		{hf + "squad/", true, ""},
		{"https://hf.co/example/model/blob/main/data.json", true, "https://hf.co/example/model/resolve/main/data.json"},
		{"https://huggingface.co/api/datasets/example/talk/parquet/default/train/0.parquet", false, ""},
		{"https://datasets-server.huggingface.co/rows?dataset=x", false, ""},
		{
			"https://github.com/example/data/blob/main/a/train.csv", true,
			"https://github.com/example/data/raw/main/a/train.csv",
		},
		{"https://github.com/example/data/raw/main/train.csv", false, ""},
		{"https://github.com/example/data/releases/download/v1/train.csv", false, ""},
		{"https://github.com/example/data", true, ""},
		{"https://github.com/example/data/tree/main/a", true, ""},
		{"https://raw.githubusercontent.com/example/data/main/train.csv", false, ""},
		{"https://gitlab.com/a/b/-/blob/main/train.csv", true, "https://gitlab.com/a/b/-/raw/main/train.csv"},
		{"https://gitlab.com/a/b/-/raw/main/train.csv", false, ""},
		{"https://www.kaggle.com/datasets/example/talk", true, ""},
		{
			"https://drive.google.com/file/d/1AbC/view?usp=sharing", true,
			"https://drive.google.com/uc?export=download&id=1AbC",
		},
		{"https://www.dropbox.com/s/abc/train.csv?dl=0", true, "https://www.dropbox.com/s/abc/train.csv?dl=1"},
		{"https://www.dropbox.com/s/abc/train.csv?dl=1", false, ""},
		{"https://example.com/datasets/blob/main/train.csv", false, ""},
		{"https://example.com", false, ""},
		{"https://huggingface.co", true, ""},
		{"%", false, ""},
	} {
		if page, file := publicurl.Page(tt.url); page != tt.page || file != tt.file {
			t.Errorf("Page(%q) = %v, %q, want %v, %q", tt.url, page, file, tt.page, tt.file)
		}
	}
}
