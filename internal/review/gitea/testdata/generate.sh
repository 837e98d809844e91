#!/bin/sh
# Writes gitea.json: see README.md.
# SPDX-License-Identifier: Apache-2.0
set -e
cd "$(dirname "$0")"
module=$(cd "$(mktemp -d)" && go mod download -json code.gitea.io/gitea@v1.26.0 | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
go run ../../reviewtest/openapi/cut "$module/templates/swagger/v1_json.tmpl" \
	"GET /user" \
	"GET /repos/{owner}/{repo}/pulls" \
	"GET /repos/{owner}/{repo}/pulls/{index}" \
	"GET /repos/{owner}/{repo}/issues/{index}/comments" \
	"POST /repos/{owner}/{repo}/issues/{index}/comments" \
	"GET /repos/{owner}/{repo}/issues/comments/{id}" \
	"PATCH /repos/{owner}/{repo}/issues/comments/{id}" \
	"GET /repos/{owner}/{repo}/commits/{ref}/statuses" \
	"POST /repos/{owner}/{repo}/statuses/{sha}" >gitea.json
