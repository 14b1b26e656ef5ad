#include "scoring.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decisions.h"
#include "evidence-json.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/rubric.h"

/* A rubric is some pages of text; evidence.json of the largest package is below the other. */
#define RUBRIC_FILE_MAX ((size_t)1024 * 1024)
#define PACKAGE_MAX ((size_t)256 * 1024 * 1024)

int scoring_rubric(struct rubric *out, const char *file, struct arena *arena, struct error *err)
{
	char *bytes = NULL;
	size_t len = 0;
	int rc;

	if (file != NULL && strcmp(file, "default") == 0)
		file = NULL;
	if (file != NULL && cli_read_file(&bytes, &len, file, RUBRIC_FILE_MAX, err) < 0)
		return -1;
	rc = rubric_parse(out, bytes, len, file, arena, err);
	free(bytes);
	return rc;
}

int scoring_grades(struct records *out, const char *path, struct arena *arena, struct error *err)
{
	struct evidence rows = { 0 };

	if (path != NULL && access(path, F_OK) == 0 && decisions_read(&rows, path, false, GRADES_ORIGIN, HUMAN_LOG + 1, arena, err) < 0)
		return -1;
	return records_read(out, &rows, arena, err);
}

int scoring_bytes(struct scorecard *out, const struct rubric *rubric, const char *bytes, size_t len, bool log_seen,
		  const struct records *grades, struct arena *arena, struct error *err)
{
	struct json *json = json_parse(bytes, len, err);
	int rc = json == NULL ? -1 : score_make(out, rubric, json, log_seen, grades, arena, err);

	json_free(json);
	return rc;
}

int scoring_assessment(struct scorecard *out, const struct rubric *rubric, const struct assessment *a, const struct records *grades,
		       struct arena *arena, struct error *err)
{
	struct buf json;
	int rc = -1;

	buf_init(&json, PACKAGE_MAX);
	if (evidence_json_write(&json, a, err) == 0)
		rc = scoring_bytes(out, rubric, json.data, json.len, true, grades, arena, err);
	buf_free(&json);
	return rc;
}
