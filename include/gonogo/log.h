/* What programs say on stderr: "level subject: message", one line each. Library code never logs. */
#ifndef GONOGO_LOG_H
#define GONOGO_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO };

/* Control characters in the text are escaped and it is cut at 2 KiB: a cluster's text cannot forge a line. */
void log_line(enum log_level level, const char *subject, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
