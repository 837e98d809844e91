// Package apply is the only package that talks to Kubernetes: it observes what is ours, previews, applies and prunes.
//
// What is live is kept by informers that see only objects with our labels, so that looking costs no request. An object is
// compared with the server, by a dry run, only when its wish or its live counterpart has changed since the last comparison.
// Server-side apply makes the server merge and validate; nothing is ever forced by deleting, and nothing that others own is
// taken over.
package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/fluxcd/pkg/ssa"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"syncer.dev/syncer/internal/cluster"
)

// fieldManager owns the fields that we apply. The label of the group is not used: our labels are in the objects.
const fieldManager = "syncer"

// Options name the cluster and what of it is ours.
type Options struct {
	Kubeconfig string // "" follows the standard rules: KUBECONFIG, ~/.kube/config, in-cluster
	Context    string
	Cluster    string   // value of the label syncer.dev/cluster
	Namespaces []string // that Workspaces may be in
	UserAgent  string
	// Kinds are other kinds that may be applied, as "Kind" or "Kind.group". The cluster may lack them; see late.
	Kinds []string
	// Karpenter says that NodePools are applied, and NodeClaims looked at.
	Karpenter bool
	// Foreign says that the GPUs which pods of others ask for are counted.
	Foreign bool
}

// Cluster is a Kubernetes cluster, seen by one syncer.
type Cluster struct {
	options  Options
	config   *rest.Config
	client   client.Client
	manager  *ssa.ResourceManager
	dynamic  dynamic.Interface
	version  *http.Client
	address  string // of the question for the version
	requests *counter
	watches  *watches

	mu     sync.Mutex
	known  map[cluster.Ref]verdict // objects that were found as they should be
	looked map[cluster.Ref]seen    // objects of others
}

// Connect prepares to talk to the cluster. It sends nothing: a cluster that cannot be reached now may be later.
func Connect(o Options) (*Cluster, error) {
	quiet()
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.Context}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c := &Cluster{options: o, config: config, requests: &counter{seen: map[string]int64{}}, known: map[cluster.Ref]verdict{}}
	server, _, err := rest.DefaultServerUrlFor(config) // as client-go does it: the scheme may be left out
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c.address = server.JoinPath("version").String()
	config.UserAgent = o.UserAgent
	config.QPS = -1 // the server's own priority and fairness, on since Kubernetes 1.20, is the better judge
	config.Wrap(c.requests.wrap)
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	plain, err := client.New(config, client.Options{HTTPClient: httpClient, Scheme: runtime.NewScheme()})
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	c.client = client.WithFieldValidation(plain, metav1.FieldValidationStrict) // a misspelt field is an error, not a warning
	c.manager = ssa.NewResourceManager(c.client, nil, ssa.Owner{Field: fieldManager, Group: "syncer.dev"})
	if c.dynamic, err = dynamic.NewForConfigAndClient(config, httpClient); err != nil {
		return nil, err
	}
	c.version = &http.Client{Transport: httpClient.Transport, Timeout: contactTimeout}
	c.watches = newWatches(c)
	return c, nil
}

// quiet keeps the libraries from logging every try to reach a server that is away: Observe says it, once for each pass.
var quiet = sync.OnceFunc(func() {
	klog.SetLogger(logr.Discard())
	ctrllog.SetLogger(logr.Discard())
})

// contactTimeout bounds the question whether the API server is there.
const contactTimeout = 5 * time.Second

// Start begins to watch, until ctx is done.
func (c *Cluster) Start(ctx context.Context) { c.watches.start(ctx) }

// Changes receives when something of ours has changed. Several changes may be one signal.
func (c *Cluster) Changes() <-chan struct{} { return c.watches.changed }

// contact asks the API server for its version, which every identity may read.
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

// UnreachableError says that the API server cannot be used right now. Nothing may be concluded from it.
type UnreachableError struct {
	URL string
	err error
}

// Starting reports whether the only trouble is that listing has not ended yet.
func (e *UnreachableError) Starting() bool { return errors.Is(e.err, errNotSynced) }

// Error says which server, and why.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("API server %s cannot be used: %v", e.URL, e.err)
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.err }
