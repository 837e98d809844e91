// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
)

const sourceHeader = "apiVersion: syncer.dev/v1alpha1\nkind: Config\nsource:\n  "

func TestSignInIsChecked(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"auth: {passwordFile: a, passwordEnv: B}", "passwordFile: excludes source.auth.passwordEnv"},
		{"auth: {bearerFile: a, entra: {auth: azureCLI}}", "bearerFile: excludes source.auth.entra"},
		{"auth: {passphraseFile: a}", "sshKeyFile: is required by"},
		{"auth: {sshKeyFile: k, passphraseFile: a, passphraseEnv: B}", "passphraseFile: excludes"},
		{"auth: {certFile: a}", "source.auth.keyFile: is required"},
		{"auth: {keyFile: a}", "source.auth.certFile: is required"},
		{"auth: {githubApp: {appID: 1, privateKeyFile: k}}", "githubApp: requires appID"},
		{"auth: {entra: {clientID: x}}", `entra.auth: "" is not`},
		{"auth: {entra: {auth: magic}}", `entra.auth: "magic" is not`},
		{"limits: {files: 0}", "source.limits.files: must be between 1 and 10000000, not 0"},
		{"limits: {packSize: 99999Gi}", "source.limits.packSize: must be a size"},
		{"limits: {fileSize: 65Mi}", "source.limits.fileSize: must be a size such as 2Mi, at most 64Mi"},
		{"limits: {workspaces: 50001}", "source.limits.workspaces: must be between 1 and 50000, not 50001"},
		{"limits: {replicas: -1}", "source.limits.replicas: must be between 1 and 10000, not -1"},
		{"limits: {objects: 1e6}", "source.limits.objects"},
		{"limits: {values: 0}", "source.limits.values: must be between 1 and 5000000, not 0"},
		{"limits: {manifests: 0}", "source.limits.manifests: must be between 1 and 100000, not 0"},
		{"limits: {textSize: 5Gi, buildSize: 1Gi}", "source.limits.buildSize: must be a size such as 2Mi, at most 64Mi"},
		{
			"limits: {workspaces: 50000, replicas: 10000, objects: 100000, values: 5000000, manifests: 100000, " +
				"textSize: 4Gi, buildSize: 64Mi, fileSize: 64Mi}", "",
		},
		{"signatures: {signers: [keys]}", `"keys" does not name a folder`},
		{"signatures: {signers: [../x=f]}", "does not name a folder"},
		{"signatures: {signers: [.=a, ./=b]}", "there twice"},
		{"signatures: {signers: [presets=a]}", `folder ".", whose changes need no signature`},
		{"path: w\n  signatures: {signers: [w=a]}", `folder "presets", whose changes`},
		{"path: w/x\n  signatures: {signers: [w=a, presets=b]}", ""},
		{"signatures: {signers: [.=a, w/team=b]}", ""},
		{"limits: {fileSize: big}", "source.limits.fileSize: must be a size"},
		{"decryption: {azureKeyVault: {auth: magic}}", `azureKeyVault.auth: "magic" is not`},
		{"decryption: {azureKeyVault: {vaults: [https://vault.example.com]}}", `"https://vault.example.com" is not the URL`},
		{"decryption: {azureKeyVault: {vaults: [http://team.vault.azure.net]}}", "is not the URL"},
		{"decryption: {azureKeyVault: {vaults: [https://team.vault.azure.net.example.com]}}", "is not the URL"},
		{"decryption: {azureKeyVault: {vaults: ['https://team.vault.azure.net:444']}}", "is not the URL"},
		{"decryption: {azureKeyVault: {vaults: [https://a@team.vault.azure.net]}}", "is not the URL"},
		{"decryption: {azureKeyVault: {vaults: [https://a.vault.azure.net, https://b.vault.azure.cn]}}", "in several clouds"},
		{"decryption: {ageKeyFile: k, azureKeyVault: {vaults: [https://a.vault.azure.net/, https://b.vault.azure.net]}}", ""},
		{"decryption: {azureKeyVault: {vaults: [https://a.vault.usgovcloudapi.net], auth: managedIdentity}}", ""},
		{"timeout: 1ms", "source.timeout: must be between 1s and 1h"},
		{"auth: {entra: {auth: workloadIdentity}}", ""},
		{"auth: {githubApp: {appID: 1, installationID: 2, privateKeyFile: k}}", ""},
		{"auth: {sshKeyFile: k, passphraseEnv: B, knownHostsFile: h}", ""},
		{`auth: {username: "", passwordEnv: B, certFile: c, keyFile: k}`, ""},
		{"limits: {packSize: 512Mi, fileSize: 4M, totalSize: 1Gi, files: 1000000}", ""},
	} {
		_, err := Load("syncer.yaml", []byte(sourceHeader+tt.text+"\n"), none, nil)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
		}
	}
}

func TestSigningIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"keyFile: k":                   "",
		"keyFile: k, passphraseEnv: B": "",
		"passphraseEnv: B":             "status.signing.keyFile: is required",
		"keyFile: k, passphraseEnv: B, passphraseFile: c": "passphraseFile: excludes",
	} {
		file := "apiVersion: syncer.dev/v1alpha1\nkind: Config\nstatus: {signing: {" + text + "}}\n"
		_, err := Load("syncer.yaml", []byte(file), none, nil)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
