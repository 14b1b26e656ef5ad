#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../collector/config.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

struct folder {
	char path[64], file[96];
	struct arena *arena;
};

static int set_up(void **state)
{
	struct folder *f = calloc(1, sizeof *f);

	strcpy(f->path, "/tmp/gonogo-config-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->arena = arena_new((size_t)16 * 1024 * 1024);
	*state = f;
	return unsetenv("KUBERNETES_SERVICE_HOST") | unsetenv("KUBECONFIG");
}

static int tear_down(void **state)
{
	static const char *const names[] = { "gonogo.yaml", "kubeconfig", "other", "token" };
	struct folder *f = *state;
	char name[128];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(name, sizeof name, "%s/%s", f->path, names[i]);
		(void)unlink(name);
	}
	arena_free(f->arena);
	(void)rmdir(f->path);
	free(f);
	return 0;
}

static const char *put(struct folder *f, const char *name, const char *text)
{
	FILE *file;

	(void)snprintf(f->file, sizeof f->file, "%s/%s", f->path, name);
	file = fopen(f->file, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return f->file;
}

#define KUBERNETES "kubernetes: {namespaces: [develop]}\n"

static void every_word_is_read(void **state)
{
	static const char text[] =
		"cluster: staging-eu\ndatabase: /x/e.db\n"
		"kubernetes: {kubeconfig: kc, context: one, namespaces: [develop, shop]}\n"
		"prometheus:\n- name: second\n  url: https://p\n  basic_auth: {username: u, password_file: pw}\n"
		"  authorization: {type: Bearer, credentials_file: /abs/token}\n  tls_config: {ca_file: ca.crt}\n"
		"  http_headers: {X-Scope-OrgID: {values: [team]}, X-Other: plain}\n"
		"webhook: {listen: \"0.0.0.0:8080\", credentials_file: hooks, tls: null}\ncriteria: criteria.yaml\nproviders: {}\n";
	struct folder *f = *state;
	struct config c;
	char want[128];

	assert_int_equal(config_load(&c, put(f, "gonogo.yaml", text), f->arena, NULL), 0);
	assert_string_equal(c.cluster, "staging-eu");
	assert_string_equal(c.database, "/x/e.db");
	assert_string_equal(c.context, "one");
	assert_int_equal(c.n_namespaces, 2);
	assert_string_equal(c.namespaces[1], "shop");
	assert_string_equal(c.prometheus.name, "second");
	assert_string_equal(c.prometheus.user, "u");
	assert_string_equal(c.prometheus.headers[0], "X-Scope-OrgID: team");
	assert_string_equal(c.prometheus.headers[1], "X-Other: plain");
	assert_null(c.prometheus.headers[2]);
	assert_string_equal(c.listen, "0.0.0.0:8080");
	/* Names of files count from the file's folder; absolute ones stay. */
	assert_string_equal(c.prometheus.credentials_file, "/abs/token");
	const char *const names[][2] = { { c.kubeconfig, "kc" },
					 { c.prometheus.password_file, "pw" },
					 { c.prometheus.ca_file, "ca.crt" },
					 { c.credentials_file, "hooks" },
					 { c.criteria_file, "criteria.yaml" } };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(want, sizeof want, "%s/%s", f->path, names[i][1]);
		assert_string_equal(names[i][0], want);
	}
}

static void what_is_absent_has_its_default(void **state)
{
	struct folder *f = *state;
	struct config c;

	assert_int_equal(config_load(&c, put(f, "gonogo.yaml", "cluster: c\n" KUBERNETES), f->arena, NULL), 0);
	assert_string_equal(c.database, "/var/lib/gonogo/evidence.db");
	assert_false(c.has_prometheus);
	assert_null(c.listen);
	assert_null(c.criteria_file);
	assert_null(c.kubeconfig);
}

/* Each refusal is one line that names the file, the place and the word. */
static void wrong_files_are_refused_with_their_place(void **state)
{
	static const char *const texts[][2] = {
		{ "", "`cluster`" },
		{ KUBERNETES, "`cluster`" },
		{ "cluster: Upper\n" KUBERNETES, "`cluster`" },
		{ "cluster: c\n", "`kubernetes.namespaces`" },
		{ "cluster: c\nkubernetes: {namespaces: []}\n", "`kubernetes.namespaces`" },
		{ "cluster: c\nkubernetes: {namespaces: [a/b]}\n", "line 2, column 27: `namespaces`" },
		{ "cluster: c\n" KUBERNETES "databse: x\n", "line 3, column 1: `databse` is not a known key" },
		{ "cluster: c\n" KUBERNETES "database: [x]\n", "line 3, column 11: `database` must be a text" },
		{ "cluster: c\n" KUBERNETES "prometheus: {url: x}\n", "`prometheus` must be a list" },
		{ "cluster: c\n" KUBERNETES "prometheus: [{url: x}, {url: y}]\n", "`prometheus` must be a list" },
		{ "cluster: c\n" KUBERNETES "prometheus: [{name: main}]\n", "needs `url`" },
		{ "cluster: c\n" KUBERNETES "prometheus: [{url: x, basic_auth: {password: y}}]\n", "`password` is not a known key" },
		{ "cluster: c\n" KUBERNETES "prometheus: [{url: x, http_headers: {A: \"b\\r\\nC: d\"}}]\n", "`A` must have one value" },
		{ "cluster: c\n" KUBERNETES "webhook: {tls: {cert: x}}\n", "`tls` is not supported" },
		{ "cluster: c\n" KUBERNETES "providers: {x: y}\n", "`providers` cannot" },
		{ "cluster: c\ncluster: d\n" KUBERNETES, "cluster" },
		{ "cluster: [\n", "gonogo.yaml" },
		{ "7\n", "gonogo.yaml" },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct error err = { .text = "" };
		struct config c;

		if (config_load(&c, put(f, "gonogo.yaml", texts[i][0]), f->arena, &err) == 0)
			fail_msg("taken: %s", texts[i][0]);
		if (strstr(err.text, texts[i][1]) == NULL || strstr(err.text, "gonogo.yaml") == NULL || strchr(err.text, '\n') != NULL)
			fail_msg("%s -> %s", texts[i][0], err.text);
		assert_true(err.code == ERR_SYNTAX || err.code == ERR_USAGE);
	}
}

#define CONTEXTS "contexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n"

static int load(struct kube_config *kube, struct folder *f, const char *text, struct error *err)
{
	struct config c = { .file = "gonogo.yaml", .kubeconfig = put(f, "kubeconfig", text) };

	return kube_config_load(kube, &c, f->arena, err);
}

static void a_kubeconfig_in_all_its_forms(void **state)
{
	struct folder *f = *state;
	struct kube_config kube;

	put(f, "token", "from-a-file\n");
	assert_int_equal(load(&kube, f,
			      "clusters: [{name: c, cluster: {server: \"https://h:6443//\", certificate-authority-data: Q0E=}}]\n"
			      "users: [{name: u, user: {tokenFile: token}}]\n" CONTEXTS,
			      NULL),
			 0);
	assert_string_equal(kube.server, "https://h:6443");
	assert_string_equal(kube.access.ca, "CA");
	assert_string_equal(kube.access.token, "from-a-file");
	assert_int_equal(load(&kube, f,
			      "clusters: [{name: c, cluster: {server: \"https://h\", certificate-authority: token}}]\n"
			      "users: [{name: u, user: {client-certificate-data: QQ==, client-key-data: Qg==, token: t}}]\n" CONTEXTS,
			      NULL),
			 0);
	assert_string_equal(kube.access.ca, "from-a-file\n");
	assert_string_equal(kube.access.certificate, "A");
	assert_string_equal(kube.access.key, "B");
	assert_string_equal(kube.access.token, "t");
	assert_false(kube.access.insecure);
}

static void a_kubeconfig_that_cannot_be_kept_is_refused(void **state)
{
#define CLUSTER(more) "clusters: [{name: c, cluster: {server: \"https://10.0.0.1\"" more "}}]\n"
	static const char *const texts[][2] = {
		{ CLUSTER("") "current-context: x\n", "no context" },
		{ "contexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n", "no cluster with a server" },
		{ CLUSTER("") "users: [{name: u, user: {exec: {command: x}}}]\n" CONTEXTS, "exec plugins" },
		{ CLUSTER("") "users: [{name: u, user: {client-key-data: \"*\"}}]\n" CONTEXTS, "no base64" },
		{ CLUSTER("") "users: [{name: u, user: {tokenFile: absent}}]\n" CONTEXTS, "absent" },
		{ CLUSTER(", insecure-skip-tls-verify: true") CONTEXTS, "loopback only" },
		{ CLUSTER(", tls-server-name: other") CONTEXTS, "`tls-server-name` is not supported" },
		{ CLUSTER(", proxy-url: \"http://p\"") CONTEXTS, "`proxy-url` is not supported" },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct error err = { .text = "" };
		struct kube_config kube;

		if (load(&kube, f, texts[i][0], &err) == 0)
			fail_msg("taken: %s", texts[i][0]);
		if (strstr(err.text, texts[i][1]) == NULL)
			fail_msg("%s -> %s", texts[i][0], err.text);
	}
}

static void several_files_of_the_environment(void **state)
{
	struct config c = { .file = "gonogo.yaml" };
	struct folder *f = *state;
	struct kube_config kube;
	struct error err;
	char list[256];

	assert_int_equal(kube_config_load(&kube, &c, f->arena, &err), -1);
	assert_non_null(strstr(err.text, "KUBECONFIG"));
	put(f, "other", "clusters: []\n");
	put(f, "kubeconfig", "clusters: [{name: c, cluster: {server: \"https://second\"}}]\n" CONTEXTS);
	(void)snprintf(list, sizeof list, "%s/other:%s/kubeconfig", f->path, f->path);
	assert_int_equal(setenv("KUBECONFIG", list, 1), 0);
	assert_int_equal(kube_config_load(&kube, &c, f->arena, &err), 0);
	assert_string_equal(kube.server, "https://second");
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(every_word_is_read),
		WITH_FOLDER(what_is_absent_has_its_default),
		WITH_FOLDER(wrong_files_are_refused_with_their_place),
		WITH_FOLDER(a_kubeconfig_in_all_its_forms),
		WITH_FOLDER(a_kubeconfig_that_cannot_be_kept_is_refused),
		WITH_FOLDER(several_files_of_the_environment),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
