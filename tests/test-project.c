#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../collector/project.h"
#include "gonogo/buf.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

#define SECRET "example-secret"

static const char deployment[] =
	"{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"backend\",\"namespace\":\"develop\",\"uid\":\"u1\","
	"\"resourceVersion\":\"9007199254740993\",\"generation\":7,\"labels\":{\"app\":\"backend\"},\"annotations\":{"
	"\"kubectl.kubernetes.io/last-applied-configuration\":\"" SECRET "\",\"deployment.kubernetes.io/revision\":\"3\"},"
	"\"managedFields\":[{\"manager\":\"" SECRET
	"\"}]},\"spec\":{\"replicas\":2,\"paused\":false,\"selector\":{\"matchLabels\":{\"app\":\"backend\"}},"
	"\"template\":{\"metadata\":{\"labels\":{\"app\":\"backend\"},\"annotations\":{\"checksum/config\":\"abc\"}},\"spec\":{"
	"\"initContainers\":[{\"name\":\"init\",\"image\":\"i:0\",\"command\":[\"" SECRET "\"]}],"
	"\"volumes\":[{\"name\":\"" SECRET "\"}],\"imagePullSecrets\":[{\"name\":\"" SECRET "\"}],"
	"\"containers\":[{\"name\":\"backend\",\"image\":\"registry/backend:1.4\",\"args\":[\"" SECRET
	"\"],\"env\":[{\"name\":\"A\",\"value\":\"" SECRET "\"}],\"envFrom\":[{\"secretRef\":{\"name\":\"" SECRET
	"\"}}],\"lifecycle\":{\"preStop\":{\"exec\":{\"command\":[\"" SECRET "\"]}}},"
	"\"ports\":[{\"containerPort\":8080}],\"resources\":{\"limits\":{\"cpu\":\"500m\"}},"
	"\"readinessProbe\":{\"periodSeconds\":5,\"httpGet\":{\"path\":\"/"
	"ready\",\"port\":8080,\"httpHeaders\":[{\"name\":\"X-Key\",\"value\":\"" SECRET
	"\"}]}},\"livenessProbe\":{\"failureThreshold\":3,\"exec\":{\"command\":[\"check\",\"-p" SECRET "\"]}}}]}}},"
	"\"status\":{\"readyReplicas\":2,\"conditions\":[{\"type\":\"Available\",\"status\":\"True\"}]}}";

static struct json *project_and_parse(struct buf *out, const char *bytes, size_t len)
{
	struct json *json;

	buf_init(out, 1024 * 1024);
	assert_int_equal(project(out, bytes, len, NULL), 0);
	json = json_parse(out->data, out->len, NULL);
	assert_non_null(json);
	return json;
}

/* As json_path, and a number is the place in a list. */
static const struct json *at(const struct json *json, const char *path)
{
	char key[64];

	while (json != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");

		assert_true(n < sizeof key);
		memcpy(key, path, n);
		key[n] = '\0';
		if (json_is_array(json)) {
			json = json_first(json);
			for (int i = atoi(key); i > 0 && json != NULL; i--)
				json = json_next(json);
		} else {
			json = json_get(json, key);
		}
		path += n + (path[n] == '.');
	}
	return json;
}

static void only_what_may_hold_secrets_is_left_out(void **state)
{
	static const char *const kept[][2] = { { "kind", "Deployment" },
					       { "metadata.uid", "u1" },
					       { "metadata.resourceVersion", "9007199254740993" },
					       { "metadata.labels.app", "backend" },
					       { "spec.selector.matchLabels.app", "backend" },
					       { "spec.template.metadata.labels.app", "backend" },
					       { "spec.template.spec.initContainers.0.image", "i:0" },
					       { "spec.template.spec.containers.0.image", "registry/backend:1.4" },
					       { "spec.template.spec.containers.0.resources.limits.cpu", "500m" },
					       { "spec.template.spec.containers.0.readinessProbe.httpGet.path", "/ready" },
					       { "status.conditions.0.type", "Available" } };
	struct json *json;
	struct buf out;
	int64_t n = 0;

	(void)state;
	json = project_and_parse(&out, deployment, sizeof deployment - 1);
	assert_null(strstr(out.data, SECRET));
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		const char *text = json_string(at(json, kept[i][0]));

		if (text == NULL || strcmp(text, kept[i][1]) != 0)
			fail_msg("%s is %s", kept[i][0], text == NULL ? "absent" : text);
	}
	assert_true(json_int(at(json, "spec.replicas"), &n) && n == 2);
	assert_true(json_int(at(json, "metadata.generation"), &n) && n == 7);
	assert_non_null(at(json, "spec.template.spec.containers.0.livenessProbe.exec"));
	assert_non_null(strstr(out.data, "\"deployment.kubernetes.io/revision\":\"3\""));
	json_free(json);
	buf_free(&out);
}

static void the_digest_is_of_the_bytes_that_came(void **state)
{
	uint8_t digest[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];
	struct json *json;
	struct buf out;

	(void)state;
	json = project_and_parse(&out, deployment, sizeof deployment - 1);
	assert_int_equal(digest_bytes(digest, deployment, sizeof deployment - 1, NULL), 0);
	assert_string_equal(json_string(json_get(json, "digest")), digest_hex(hex, digest));
	json_free(json);
	buf_free(&out);
}

static void a_pod_keeps_its_image_digests(void **state)
{
	static const char pod[] = "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":"
				  "\"c\",\"image\":\"i:1\"}]},"
				  "\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"c\",\"imageID\":\"i@sha256:00ff\","
				  "\"restartCount\":2}]}}";
	struct json *json;
	struct buf out;

	(void)state;
	json = project_and_parse(&out, pod, sizeof pod - 1);
	assert_string_equal(json_string(at(json, "status.containerStatuses.0.imageID")), "i@sha256:00ff");
	assert_string_equal(json_string(at(json, "spec.nodeName")), "n1");
	json_free(json);
	buf_free(&out);
}

/* Any beginning of an object, and members of the wrong type: an error or a projection that is JSON, never a crash. */
static void hostile_objects(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"7",
		"\"x\"",
		"null",
		"{\"metadata\":7,\"spec\":[],\"status\":\"x\"}",
		"{\"spec\":{\"template\":1}}",
		"{\"spec\":{\"containers\":{\"a\":{\"name\":1}}}}",
		"{\"spec\":{\"containers\":[1,null,[[]]]}}",
		"{\"spec\":{\"containers\":[{\"livenessProbe\":7,\"readinessProbe\":{\"httpGet\":[1],\"exec\":3}}]}}",
		"{\"metadata\":{\"annotations\":[\"a\"]}}"
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct json *json;
		struct buf out;

		buf_init(&out, 65536);
		if (project(&out, texts[i], strlen(texts[i]), NULL) == 0) {
			json = json_parse(out.data, out.len, NULL);
			if (json == NULL)
				fail_msg("%s -> %s", texts[i], out.data);
			json_free(json);
		}
		buf_free(&out);
	}
	for (size_t len = 0; len < sizeof deployment - 1; len++) {
		struct error err;
		struct buf out;

		buf_init(&out, 65536);
		assert_int_equal(project(&out, deployment, len, &err), -1);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_may_hold_secrets_is_left_out),
		cmocka_unit_test(the_digest_is_of_the_bytes_that_came),
		cmocka_unit_test(a_pod_keeps_its_image_digests),
		cmocka_unit_test(hostile_objects),
	};

	return cmocka_run_group_tests_name("project", tests, NULL, NULL);
}
