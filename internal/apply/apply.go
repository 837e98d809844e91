// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/apply/impersonation"
	"syncer.dev/syncer/internal/apply/informers"
	"syncer.dev/syncer/internal/apply/known"
	"syncer.dev/syncer/internal/apply/limit"
	"syncer.dev/syncer/internal/apply/postponed"
	"syncer.dev/syncer/internal/apply/requests"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/apply/wire"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/ignore"
	"syncer.dev/syncer/internal/outbound"
)

// Options name the cluster, and the namespaces and kinds that syncer manages in it.
type Options struct {
	Kubeconfig string // "" follows the standard rules: KUBECONFIG, ~/.kube/config, in-cluster
	Context    string
	Cluster    string   // value of the label syncer.dev/cluster
	Namespaces []string // that Workspaces may be in
	UserAgent  string
	// Kinds are other kinds that syncer may apply, as "Kind" or "Kind.group". The cluster may lack them: see
	// package informers.
	Kinds []string
	// Karpenter makes syncer apply NodePools and watch NodeClaims.
	Karpenter bool
	// Contests is what happens to fields that other controllers keep changing.
	Contests contest.Answer
	// Secrets returns the data of an encrypted Secret, by its digest (wellknown.AnnotationEncrypted). It returns false for
	// a Secret that no key opens. Without it syncer writes no Secret.
	Secrets func(namespace, name, digest string) (map[string][]byte, bool)
	// ServiceAccount is that of each namespace as which its objects are written; "" for the identity of the kubeconfig.
	ServiceAccount string
	// Sweep is the interval in which every object is looked at by a dry run, although nothing has changed. Zero is never.
	Sweep time.Duration
	// Ignore are the fields that belong to others.
	Ignore ignore.Rules
	// MayWrite is asked right before each request that writes, with its context and the namespace that it writes to, ""
	// for an object without one. It refuses the request by an error; nil permits all.
	MayWrite func(ctx context.Context, namespace string) error
	// Foreign makes syncer count the GPUs that unmanaged pods request.
	Foreign bool
}

// Cluster is a Kubernetes cluster, seen by one syncer.
type Cluster struct {
	options  Options
	config   *rest.Config
	client   client.Client
	unfenced *rest.Config     // for the Lease
	bare     *rest.RESTClient // for requests whose body is at hand
	dynamic  dynamic.Interface
	version  *http.Client
	address  string // URL of the server's version
	requests outbound.Counter
	watches  *informers.Informers
	contests *contest.Tracker
	limiter  *limit.Limiter
	later    postponed.Objects
	// namespace is that of the pod, or of the kubeconfig.
	namespace string

	memory *known.Memory

	mu         sync.Mutex
	references map[cluster.Ref]cachedReference // objects that Workspaces refer to
	lookAgain  time.Time                       // when the first answer about one of them ends; zero: never
}

// Connect prepares a client for the cluster. It sends no request: the cluster may become reachable later.
func Connect(o Options) (*Cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	namespace, _, err2 := loader.Namespace()
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c := &Cluster{
		options:   o,
		config:    config,
		namespace: namespace,
		memory:    known.New(),
		contests:  contest.New(o.Contests),
		limiter:   limit.New(),
	}
	server, _, err := rest.DefaultServerUrlFor(config) // as in client-go, which allows a host without scheme
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c.address = server.JoinPath("version").String()
	config.UserAgent = o.UserAgent
	config.QPS = -1 // the server's own priority and fairness, on since Kubernetes 1.20, is the better judge
	if tls, err := rest.TLSConfigFor(config); err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	} else if tls == nil && config.Proxy == nil {
		// Without TLS and proxy, client-go takes http.DefaultTransport, which internal/outbound forbids.
		config.Proxy = http.ProxyFromEnvironment
	}
	config.Wrap(trusting(rest.CopyConfig(config)))
	// The Lease is no object of a team, and does not wait with others. The fence is asked after the wait.
	c.unfenced = rest.CopyConfig(config)
	c.unfenced.Wrap(requests.Counted(&c.requests))
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return impersonation.Writes(o.ServiceAccount, next)
	})
	config.Wrap(requests.Counted(&c.requests))
	config.Wrap(fence.WrapByNamespace(o.MayWrite))
	config.Wrap(postponed.Transport)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return c.limiter.Transport(next, requests.Few) })
	config.Wrap(secrets.WithoutData)
	if err := c.dial(); err != nil {
		return nil, err
	}
	return c, nil
}

// KubeconfigFiles are the files that Connect reads: the one that is named, or those of the standard rules for "". They
// need not exist.
func KubeconfigFiles(named string) []string {
	if named != "" {
		return []string{named}
	}
	return clientcmd.NewDefaultClientConfigLoadingRules().GetLoadingPrecedence()
}

// dial makes the clients of the configuration.
func (c *Cluster) dial() error {
	httpClient, err := rest.HTTPClientFor(c.config)
	if err != nil {
		return err
	}
	options := client.Options{HTTPClient: httpClient, Scheme: runtime.NewScheme()}
	if c.client, err = client.New(c.config, options); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	if c.bare, err = bare(c.config, httpClient); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(c.config, httpClient); err != nil {
		return err
	}
	c.version = &http.Client{Transport: httpClient.Transport, Timeout: contactTimeout}
	c.watches = informers.New(informers.Options{
		Cluster:    c.options.Cluster,
		Namespaces: c.options.Namespaces,
		Kinds:      c.options.Kinds,
		Karpenter:  c.options.Karpenter,
		Foreign:    c.options.Foreign,
		Managers:   c.options.Ignore.Managers,
		Client:     wire.NewClient(c.config, httpClient),
		Mapper:     c.client.RESTMapper(),
		NewMapper: func() (meta.RESTMapper, error) {
			return apiutil.NewDynamicRESTMapper(c.config, &http.Client{Transport: httpClient.Transport})
		},
		Contact: c.contact,
	})
	return nil
}

// contactTimeout bounds the request for the API server's version.
const contactTimeout = 5 * time.Second

// Start starts the watches and the sweep, which run until ctx is done.
func (c *Cluster) Start(ctx context.Context) {
	c.watches.Start(ctx)
	go c.sweep(ctx, c.options.Sweep)
}

// Changes receives a signal after a change of a watched object. One signal may stand for several changes.
func (c *Cluster) Changes() <-chan struct{} { return c.watches.Changed() }

// contact requests the API server's version, which every identity may read.
func (c *Cluster) contact(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address, nil)
	if err != nil {
		return &UnreachableError{URL: c.config.Host, err: err}
	}
	resp, err := c.version.Do(req)
	if err != nil {
		return &UnreachableError{URL: c.config.Host, err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusUnauthorized {
		return &UnreachableError{URL: c.config.Host, err: fmt.Errorf("it answers %s", resp.Status)}
	}
	return nil
}

// UnreachableError means that the API server does not answer usefully now. It concerns no object.
type UnreachableError struct {
	URL string
	err error
}

// Starting reports whether the first list of the watched objects has not ended yet.
func (e *UnreachableError) Starting() bool { return errors.Is(e.err, informers.ErrNotSynced) }

// Error returns the server and the cause.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("API server %s cannot be used: %v", e.URL, e.err)
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.err }

// Requests returns how many requests there were, by HTTP method; a watch counts as WATCH, and dry runs, probes of the
// server and requests about the Lease count by themselves.
func (c *Cluster) Requests() map[string]int64 { return c.requests.Counts() }

// Writes returns how many requests changed the cluster, or tried to.
func (c *Cluster) Writes() int64 {
	seen := c.Requests()
	return seen[http.MethodPatch] + seen[http.MethodPost] + seen[http.MethodPut] + seen[http.MethodDelete]
}
