#include "gonogo/provider.h"

#include <string.h>

/* A name that Flagger reads with "X*" and a row each: the queries are those of pkg/metrics/observers/X.go with its own labels, the route
 * objects those of pkg/router/X.go. */

#define ENVOY_SUCCESS(matchers)                                                                                                            \
	"sum(rate(envoy_cluster_upstream_rq{" matchers ",envoy_response_code!~\"5.*\"}[{{ interval }}])) / "                               \
	"sum(rate(envoy_cluster_upstream_rq{" matchers "}[{{ interval }}])) * 100"
#define ENVOY_DURATION(matchers)                                                                                                           \
	"histogram_quantile(0.99, sum(rate(envoy_cluster_upstream_rq_time_bucket{" matchers "}[{{ interval }}])) by (le))"

/* App Mesh: the pods' own Envoys, named as pods are. */
#define POD_MATCHERS "kubernetes_namespace=\"{{ namespace }}\",kubernetes_pod_name=~\"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\""
#define POD_BOTH "kubernetes_namespace=\"{=namespace}\",kubernetes_pod_name=~\"{target}-(primary-)?[0-9a-zA-Z]+(-[0-9a-zA-Z]+)?\""
#define POD_CANARY "kubernetes_namespace=\"{=namespace}\",kubernetes_pod_name=~\"{target}-{pod}\""
#define POD_PRIMARY "kubernetes_namespace=\"{=namespace}\",kubernetes_pod_name=~\"{target}-primary-{pod}\""

#define HTTP_ROW(name_, version)                                                                                                           \
	{                                                                                                                                  \
		.name = name_, .requests = "http_request_duration_seconds_count", .buckets = "http_request_duration_seconds_bucket",       \
		.unit = 1, .code_label = "status", .arm_label = "kubernetes_pod_name", .pods = true, .both = POD_BOTH,                     \
		.arm = { POD_CANARY, POD_PRIMARY },                                                                                        \
		.success_rate = "sum(rate(http_request_duration_seconds_count{" POD_MATCHERS ",status!~\"5.*\"}[{{ interval }}])) / "      \
				"sum(rate(http_request_duration_seconds_count{" POD_MATCHERS "}[{{ interval }}])) * 100",                  \
		.duration = "histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{" POD_MATCHERS                         \
			    "}[{{ interval }}])) by (le)) "                                                                                \
			    "* 1000",                                                                                                      \
		.route = {                                                                                                                 \
			version,                                                                                                           \
			"httproutes",                                                                                                      \
			version == NULL ? NULL : "HTTPRoute",                                                                              \
			"",                                                                                                                \
			false                                                                                                              \
		}                                                                                                                          \
	}

#define TRAEFIK_SERVICE "service=~\"{{ namespace }}-{{ target }}-canary-[0-9a-zA-Z-]+@kubernetescrd\""
#define LINKERD_TARGET "namespace=\"{{ namespace }}\",deployment=~\"{{ target }}\""
#define ISTIO_TARGET "reporter=\"destination\",destination_workload_namespace=\"{{ namespace }}\",destination_workload=~\"{{ target }}\""
#define OSM_TARGET "destination_namespace=\"{{ namespace }}\",destination_kind=\"Deployment\",destination_name=\"{{ target }}\""
#define CONTOUR_CLUSTER "envoy_cluster_name=~\"{{ namespace }}_{{ service }}-canary_[0-9a-zA-Z-]+\""
#define GLOO_CLUSTER "envoy_cluster_name=~\"{{ namespace }}-{{ target }}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+\""
#define KUMA_SERVICE "service=~\"{{ target }}-canary_{{ namespace }}_svc_[0-9a-zA-Z-]+\""
#define NGINX_INGRESS "namespace=\"{{ namespace }}\",ingress=\"{{ ingress }}\",canary!=\"\""

/* Traefik's port holds no dash: no other canary's longer name matches. */
static const struct provider providers[] = {
	{ .name = "traefik",
	  .requests = "traefik_service_requests_total",
	  .buckets = "traefik_service_request_duration_seconds_bucket",
	  .unit = 1,
	  .code_label = "code",
	  .grpc_label = "code",
	  .arm_label = "service",
	  .renamed = "service",
	  .both = "$service=~\"{namespace}-{service}-(primary|canary)-.+@kubernetescrd\"",
	  .arm = { "$service=~\"{namespace}-{service}-canary-[0-9a-zA-Z]+@kubernetescrd\"",
		   "$service=~\"{namespace}-{service}-primary-[0-9a-zA-Z]+@kubernetescrd\"" },
	  .success_rate = "sum(rate(traefik_service_request_duration_seconds_bucket{" TRAEFIK_SERVICE
			  ",code!~\"5..\",le=\"+Inf\"}[{{ interval }}])) / "
			  "sum(rate(traefik_service_request_duration_seconds_bucket{" TRAEFIK_SERVICE
			  ",le=\"+Inf\"}[{{ interval }}])) * 100",
	  .duration = "histogram_quantile(0.99, sum(rate(traefik_service_request_duration_seconds_bucket{" TRAEFIK_SERVICE
		      "}[{{ interval }}])) by (le)) * 1000",
	  .route = { "/apis/traefik.io/v1alpha1", "traefikservices", "TraefikService", "", false } },
	{ .name = "linkerd",
	  .requests = "response_total",
	  .buckets = "response_latency_ms_bucket",
	  .unit = 0.001,
	  .code_label = "status_code",
	  .grpc_label = "grpc_status",
	  .failed_label = "classification",
	  .failed_value = "failure",
	  .arm_label = "deployment",
	  .pods = true,
	  .both = "namespace=\"{=namespace}\",deployment=~\"{target}(-primary)?\",direction=\"inbound\"",
	  .arm = { "namespace=\"{=namespace}\",deployment=\"{=target}\",direction=\"inbound\"",
		   "namespace=\"{=namespace}\",deployment=\"{=target}-primary\",direction=\"inbound\"" },
	  .success_rate = "sum(rate(response_total{" LINKERD_TARGET
			  ",classification!=\"failure\",direction=\"inbound\"}[{{ interval }}])) / "
			  "sum(rate(response_total{" LINKERD_TARGET ",direction=\"inbound\"}[{{ interval }}])) * 100",
	  .duration = "histogram_quantile(0.99, sum(rate(response_latency_ms_bucket{" LINKERD_TARGET
		      ",direction=\"inbound\"}[{{ interval }}])) by (le))",
	  .route = { "/apis/split.smi-spec.io/v1alpha1", "trafficsplits", "TrafficSplit", "", false } },
	{ .name = "istio",
	  .requests = "istio_requests_total",
	  .buckets = "istio_request_duration_milliseconds_bucket",
	  .unit = 0.001,
	  .code_label = "response_code",
	  .grpc_label = "grpc_response_status",
	  .arm_label = "destination_workload",
	  .pods = true,
	  .both = "reporter=\"destination\",destination_workload_namespace=\"{=namespace}\",destination_workload=~\"{target}(-primary)?\"",
	  .arm = { "reporter=\"destination\",destination_workload_namespace=\"{=namespace}\",destination_workload=\"{=target}\"",
		   "reporter=\"destination\",destination_workload_namespace=\"{=namespace}\",destination_workload=\"{=target}-primary\"" },
	  .success_rate = "sum(rate(istio_requests_total{" ISTIO_TARGET ",response_code!~\"5.*\"}[{{ interval }}])) / "
			  "sum(rate(istio_requests_total{" ISTIO_TARGET "}[{{ interval }}])) * 100",
	  .duration = "histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket{" ISTIO_TARGET
		      "}[{{ interval }}])) by (le))",
	  .route = { "/apis/networking.istio.io/v1beta1", "virtualservices", "VirtualService", "", false } },
	{ .name = "nginx",
	  .requests = "nginx_ingress_controller_requests",
	  .buckets = "nginx_ingress_controller_response_duration_seconds_bucket",
	  .unit = 1,
	  .code_label = "status",
	  .arm_label = "canary",
	  .renamed = "namespace",
	  .both = "$namespace=\"{=namespace}\",ingress=\"{=ingress}\"",
	  .arm = { "$namespace=\"{=namespace}\",ingress=\"{=ingress}\",canary!=\"\"",
		   "$namespace=\"{=namespace}\",ingress=\"{=ingress}\",canary=\"\"" },
	  .success_rate = "sum(rate(nginx_ingress_controller_requests{" NGINX_INGRESS ",status!~\"5.*\"}[{{ interval }}])) / "
			  "sum(rate(nginx_ingress_controller_requests{" NGINX_INGRESS "}[{{ interval }}])) * 100",
	  .duration = "sum(rate(nginx_ingress_controller_response_duration_seconds_sum{" NGINX_INGRESS "}[{{ interval }}])) / "
		      "sum(rate(nginx_ingress_controller_response_duration_seconds_count{" NGINX_INGRESS "}[{{ interval }}])) * 1000",
	  .route = { "/apis/networking.k8s.io/v1", "ingresses", "Ingress", "-canary", true } },
	{ .name = "contour",
	  .requests = "envoy_cluster_upstream_rq",
	  .buckets = "envoy_cluster_upstream_rq_time_bucket",
	  .unit = 0.001,
	  .code_label = "envoy_response_code",
	  .arm_label = "envoy_cluster_name",
	  .both = "envoy_cluster_name=~\"{namespace}_{service}-(primary|canary)_.+\"",
	  .arm = { "envoy_cluster_name=~\"{namespace}_{service}-canary_[0-9a-zA-Z-]+\"",
		   "envoy_cluster_name=~\"{namespace}_{service}-primary_[0-9a-zA-Z-]+\"" },
	  .success_rate = ENVOY_SUCCESS(CONTOUR_CLUSTER),
	  .duration = ENVOY_DURATION(CONTOUR_CLUSTER),
	  .route = { "/apis/projectcontour.io/v1", "httpproxies", "HTTPProxy", "", false } },
	{ .name = "gloo*",
	  .requests = "envoy_cluster_upstream_rq",
	  .buckets = "envoy_cluster_upstream_rq_time_bucket",
	  .unit = 0.001,
	  .code_label = "envoy_response_code",
	  .arm_label = "envoy_cluster_name",
	  .both = "envoy_cluster_name=~\"{namespace}-{service}-(primary|canary)upstream-.+\"",
	  .arm = { "envoy_cluster_name=~\"{namespace}-{service}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+\"",
		   "envoy_cluster_name=~\"{namespace}-{service}-primaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+\"" },
	  .success_rate = ENVOY_SUCCESS(GLOO_CLUSTER),
	  .duration = ENVOY_DURATION(GLOO_CLUSTER),
	  .route = { "/apis/gateway.solo.io/v1", "routetables", "RouteTable", "", false } },
	{ .name = "kuma",
	  .requests = "envoy_cluster_upstream_rq",
	  .buckets = "envoy_cluster_upstream_rq_time_bucket",
	  .unit = 0.001,
	  .code_label = "envoy_response_code",
	  .arm_label = "service",
	  .renamed = "service",
	  .both = "$service=~\"{service}-(primary|canary)_{namespace}_svc_.+\"",
	  .arm = { "$service=~\"{service}-canary_{namespace}_svc_[0-9a-zA-Z-]+\"",
		   "$service=~\"{service}-primary_{namespace}_svc_[0-9a-zA-Z-]+\"" },
	  .success_rate = ENVOY_SUCCESS(KUMA_SERVICE),
	  .duration = ENVOY_DURATION(KUMA_SERVICE) },
	{ .name = "appmesh*",
	  .requests = "envoy_cluster_upstream_rq",
	  .buckets = "envoy_cluster_upstream_rq_time_bucket",
	  .unit = 0.001,
	  .code_label = "envoy_response_code",
	  .arm_label = "kubernetes_pod_name",
	  .pods = true,
	  .both = POD_BOTH,
	  .arm = { POD_CANARY, POD_PRIMARY },
	  .success_rate = ENVOY_SUCCESS(POD_MATCHERS),
	  .duration = ENVOY_DURATION(POD_MATCHERS) },
	{ .name = "osm",
	  .requests = "osm_request_total",
	  .buckets = "osm_request_duration_ms_bucket",
	  .unit = 0.001,
	  .code_label = "response_code",
	  .arm_label = "destination_name",
	  .both = "destination_namespace=\"{=namespace}\",destination_kind=\"Deployment\",destination_name=~\"{target}(-primary)?\"",
	  .arm = { "destination_namespace=\"{=namespace}\",destination_kind=\"Deployment\",destination_name=\"{=target}\"",
		   "destination_namespace=\"{=namespace}\",destination_kind=\"Deployment\",destination_name=\"{=target}-primary\"" },
	  .success_rate = "sum(rate(osm_request_total{" OSM_TARGET ",response_code!~\"5.*\"}[{{ interval }}])) / "
			  "sum(rate(osm_request_total{" OSM_TARGET "}[{{ interval }}])) * 100",
	  .duration = "histogram_quantile(0.99, sum(rate(osm_request_duration_ms_bucket{" OSM_TARGET "}[{{ interval }}])) by (le))",
	  .route = { "/apis/split.smi-spec.io/v1alpha2", "trafficsplits", "TrafficSplit", "", false } },
	/* Flagger's template computes the route's name with printf: its reading of skipper is not redone. */
	{ .name = "skipper",
	  .requests = "skipper_response_duration_seconds_count",
	  .buckets = "skipper_response_duration_seconds_bucket",
	  .unit = 1,
	  .code_label = "code",
	  .arm_label = "route",
	  .both = "route=~\"kube(ew)?_{_namespace}__{_ingress}_canary__.*__{_service}_(primary|canary)(_[0-9]+)?\"",
	  .arm = { "route=~\"kube(ew)?_{_namespace}__{_ingress}_canary__.*__{_service}_canary(_[0-9]+)?\"",
		   "route=~\"kube(ew)?_{_namespace}__{_ingress}_canary__.*__{_service}_primary(_[0-9]+)?\"" },
	  .route = { "/apis/networking.k8s.io/v1", "ingresses", "Ingress", "-canary", true } },
	HTTP_ROW("kubernetes", NULL),
	HTTP_ROW("gatewayapi:v1beta1", "/apis/gateway.networking.k8s.io/v1beta1"),
	HTTP_ROW("gatewayapi*", "/apis/gateway.networking.k8s.io/v1"),
};

static bool is_named(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? strncmp(pattern, name, n - 1) == 0 : strcmp(pattern, name) == 0;
}

const struct provider *provider_at(size_t n)
{
	return n < sizeof providers / sizeof providers[0] ? &providers[n] : NULL;
}

const struct provider *provider_find(const char *name)
{
	for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
		if (*name == '\0' || is_named(providers[i].name, name))
			return &providers[i];
	return NULL;
}

const char *provider_why_not(const char *name)
{
	static const struct {
		const char *name, *why;
	} known[] = { { "apisix", "its metrics are named by the route, which both versions share" },
		      { "knative", "its metrics are named by revisions, which the Canary does not name" },
		      { "smi*", "Flagger reads Istio's metrics for it, whatever the mesh is" } };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (is_named(known[i].name, name))
			return known[i].why;
	return "Flagger 1.44 knows no provider of that name";
}
