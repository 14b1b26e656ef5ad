/* The style sheet of report.html. */
#ifndef GONOGO_REPORT_HTML_STYLE_H
#define GONOGO_REPORT_HTML_STYLE_H

extern const char html_style[];

#endif
