"""Another provider's recording out of one of Traefik's: provider.py RECORDING OUT PROVIDER [blue-green|mirror]. The requests are the same, the names and labels are
those of pkg/metrics/observers and pkg/router of Flagger, and the checks its own; where pods are scraped themselves, the canary's are scraped at another time."""
import json, lzma, os, shutil, sys

OFFSET = 2.0  # seconds between the scrapes of the arms' pods
ENVOY = ("envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket", 1000, "envoy_response_code")
HTTP = ("http_request_duration_seconds_count", "http_request_duration_seconds_bucket", 1, "status")


class Names:
    def __init__(self, namespace, name):
        self.ns, self.name = namespace, name


def pods(n, arm):
    return {"kubernetes_namespace": n.ns,
            "kubernetes_pod_name": f"{n.name}-6d9fb7c9c-x2vq8" if arm == "canary" else f"{n.name}-primary-7c9d5b6f4-pp2lz"}


def workload(n, arm):
    return n.name if arm == "canary" else f"{n.name}-primary"


# requests, buckets, units a second, label of the code; labels of an arm; scraped pod by pod
PROVIDERS = {
    "traefik": ("traefik_service_requests_total", "traefik_service_request_duration_seconds_bucket", 1, "code",
                lambda n, arm: {"service": f"{n.ns}-{n.name}-{arm}-80@kubernetescrd"}, False),
    "linkerd": ("response_total", "response_latency_ms_bucket", 1000, "status_code",
                lambda n, arm: {"namespace": n.ns, "deployment": workload(n, arm), "direction": "inbound"}, True),
    "istio": ("istio_requests_total", "istio_request_duration_milliseconds_bucket", 1000, "response_code",
              lambda n, arm: {"reporter": "destination", "destination_workload_namespace": n.ns, "destination_workload": workload(n, arm)}, True),
    "nginx": ("nginx_ingress_controller_requests", "nginx_ingress_controller_response_duration_seconds_bucket", 1, "status",
              lambda n, arm: {"exported_namespace": n.ns, "namespace": "ingress", "ingress": "web"} |
              ({"canary": f"{n.ns}-{n.name}-canary-80"} if arm == "canary" else {}), False),
    "contour": (*ENVOY, lambda n, arm: {"envoy_cluster_name": f"{n.ns}_{n.name}-{arm}_80"}, False),
    "gloo": (*ENVOY, lambda n, arm: {"envoy_cluster_name": f"{n.ns}-{n.name}-{arm}upstream-80_{n.ns}"}, False),
    "kuma": (*ENVOY, lambda n, arm: {"service": f"{n.name}-{arm}_{n.ns}_svc_80"}, False),
    "appmesh:v1beta2": (*ENVOY, pods, True),
    "osm": ("osm_request_total", "osm_request_duration_ms_bucket", 1000, "response_code",
            lambda n, arm: {"destination_namespace": n.ns, "destination_kind": "Deployment", "destination_name": workload(n, arm)}, False),
    "skipper": ("skipper_response_duration_seconds_count", "skipper_response_duration_seconds_bucket", 1, "code",
                lambda n, arm: {"route": f"kube_{n.ns}__web_canary__example_org____{n.name}_{arm}_0"}, False),
    "kubernetes": (*HTTP, pods, True),
    "gatewayapi:v1": (*HTTP, pods, True),
    # No row: criteria name the application's own series (endpoint).
    "apisix": ("http_requests_total", "http_request_seconds_bucket", 1, "status",
               lambda n, arm: {"path": "/pay", "version": arm}, True),
}


def route(provider, n, weights):
    """(group and version, plural, kind, name, what stands in the object); weights: {"primary": 90, "canary": 10}, one may be left out."""
    primary, canary = weights.get("primary", 0), weights.get("canary", 0)
    pair = lambda **more: [{"name": f"{n.name}-primary", "weight": primary} | more, {"name": f"{n.name}-canary", "weight": canary} | more]
    if provider == "gatewayapi:v1":
        return "gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute", n.name, {"spec": {"rules": [{"backendRefs": pair(port=80)}]}}
    if provider == "istio":
        rules = [{"destination": {"host": x["name"]}, "weight": x["weight"]} for x in pair()]
        return "networking.istio.io/v1beta1", "virtualservices", "VirtualService", n.name, {"spec": {"http": [{"route": rules}]}}
    if provider in ("linkerd", "osm"):
        version = "v1alpha1" if provider == "linkerd" else "v1alpha2"
        backends = [{"service": x["name"], "weight": str(x["weight"]) if provider == "linkerd" else x["weight"]} for x in pair()]
        return f"split.smi-spec.io/{version}", "trafficsplits", "TrafficSplit", n.name, {"spec": {"service": n.name, "backends": backends}}
    if provider == "contour":
        return "projectcontour.io/v1", "httpproxies", "HTTPProxy", n.name, {"spec": {"routes": [{"services": pair(port=80)}]}}
    if provider == "gloo":
        to = [{"destination": {"upstream": {"name": f"{n.ns}-{n.name}-{arm}upstream-80"}}, "weight": w} for arm, w in (("primary", primary), ("canary", canary))]
        return "gateway.solo.io/v1", "routetables", "RouteTable", n.name, {"spec": {"routes": [{"routeAction": {"multi": {"destinations": to}}}]}}
    if provider == "nginx":
        notes = {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": str(canary),
                 "nginx.ingress.kubernetes.io/configuration-snippet": "auth example-secret;"}
        return "networking.k8s.io/v1", "ingresses", "Ingress", "web-canary", {"annotations": notes}
    if provider == "skipper":
        notes = {"zalando.org/backend-weights": json.dumps({f"{n.name}-primary": primary, f"{n.name}-canary": canary})}
        return "networking.k8s.io/v1", "ingresses", "Ingress", "web-canary", {"annotations": notes}
    return None


def turn_route(provider, namespace, o, test):
    n = Names(namespace, o["metadata"]["name"])
    weights = {s["name"].rsplit("-", 1)[1]: s.get("weight", 1) for s in o["spec"].get("weighted", {}).get("services", [])}
    if test:  # users stay where they are
        weights = {"primary": 100, "canary": 0}
    group, _, kind, name, body = route(provider, n, weights)
    metadata = {k: v for k, v in o["metadata"].items() if k not in ("managedFields", "annotations")} | {"name": name}
    if "annotations" in body:
        metadata["annotations"] = body["annotations"]
    return {"apiVersion": group, "kind": kind, "metadata": metadata, "spec": body.get("spec", {})}


def turn_canary(provider, o, test):
    if "spec" in o:
        o["spec"]["provider"] = provider
        o["spec"]["analysis"]["metrics"] = [{"name": "request-success-rate", "interval": "1m", "thresholdRange": {"min": 99}},
                                            {"name": "request-duration", "interval": "1m", "thresholdRange": {"max": 500}}]
        if test:
            o["spec"]["analysis"].pop("match", None)
            o["spec"]["analysis"]["mirror"] = test == "mirror"
        if provider in ("nginx", "skipper"):
            o["spec"]["ingressRef"] = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "web"}
    return o


def turn_kubernetes(line, provider, namespace, test):
    path, body = line["path"], json.loads(line["body"])
    objects = body["items"] if line["op"] == "list" else [body["object"]]
    if path.startswith("/apis/flagger.app/v1beta1/") and "/canaries" in path:
        objects = [turn_canary(provider, o, test) for o in objects]
    elif "/traefikservices" in path and provider != "traefik":
        kind = route(provider, Names(namespace, "x"), {})
        if kind is None:
            return None
        line["path"] = path.replace("/apis/traefik.io/v1alpha1/", f"/apis/{kind[0]}/").replace("traefikservices", kind[1])
        objects = [turn_route(provider, namespace, o, test) if "spec" in o else o for o in objects]
        if line["op"] == "list":
            body["kind"], body["apiVersion"] = kind[2] + "List", kind[0]
    if line["op"] == "list":
        body["items"] = objects
    else:
        body["object"] = objects[0]
    line["body"] = json.dumps(body, separators=(",", ":"))
    return line


def turn_series(series, provider, namespace):
    requests, buckets, units, code_label, labels_of, by_pod = PROVIDERS[provider]
    metric = series["metric"]
    names = {"traefik_service_requests_total": requests, "traefik_service_request_duration_seconds_bucket": buckets}
    if provider == "apisix":
        names["traefik_service_request_duration_seconds_count"] = "http_request_seconds_count"
    parts = metric.get("service", "").split("@")[0].rsplit("-", 2)
    if metric["__name__"] not in names or len(parts) != 3 or parts[1] not in ("primary", "canary"):
        return None
    n, arm = Names(namespace, parts[0][len(namespace) + 1:]), parts[1]
    new = {"__name__": names[metric["__name__"]], "job": provider, "instance": "10.0.0.1:9000"} | labels_of(n, arm)
    if "le" not in metric or provider not in ("linkerd", "contour", "gloo", "kuma", "appmesh:v1beta2", "osm"):
        new[code_label] = metric["code"]
    if "le" in metric:
        new["le"] = metric["le"] if metric["le"] == "+Inf" else f"{float(metric['le']) * units:g}"
    elif provider == "linkerd":
        new["classification"] = "failure" if metric["code"].startswith("5") else "success"
    shift = 0
    if by_pod:
        new["instance"] = "10.0.0.2:9000" if arm == "canary" else "10.0.0.3:9000"
        shift = OFFSET if arm == "canary" else 0
    return new, [(t + shift, float(v)) for t, v in series["values"]]


def turn_answer(body, provider, namespace):
    """Series that come to bear the same labels (methods, codes where the metric has none) are one counter."""
    answer, merged = json.loads(body), {}
    for series in answer["data"]["result"]:
        turned = turn_series(series, provider, namespace)
        if turned is None:
            continue
        key = json.dumps(turned[0], sort_keys=True)
        sums = merged.setdefault(key, {})
        for t, v in turned[1]:
            sums[t] = sums.get(t, 0) + v
    answer["data"]["result"] = [{"metric": json.loads(k), "values": [[t, f"{v:g}" if v != int(v) else str(int(v))] for t, v in sorted(s.items())]}
                                for k, s in merged.items()]
    return json.dumps(answer)


def lines(folder, name):
    with lzma.open(f"{folder}/{name}.ndjson.xz", "rt") as f:
        yield from map(json.loads, f)


def main():
    recording, out, provider = sys.argv[1:4]
    test = sys.argv[4] if len(sys.argv) > 4 else None
    namespace = json.load(open(f"{recording}/recording.json"))["namespace"]
    shutil.copytree(recording, out, dirs_exist_ok=True)
    with lzma.open(f"{out}/kubernetes.ndjson.xz", "wt") as f:
        for line in lines(recording, "kubernetes"):
            turned = turn_kubernetes(line, provider, namespace, test)
            if turned is not None:
                f.write(json.dumps(turned) + "\n")
    with lzma.open(f"{out}/prometheus.ndjson.xz", "wt") as f:
        for line in lines(recording, "prometheus"):
            if "traefik_service_" in line["query"]:
                line["body"] = turn_answer(line["body"], provider, namespace)
                line["query"] = f'{{job="{provider}"}}[1s]'
            f.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
