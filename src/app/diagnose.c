// The model that writes a plant's diagnoses.
#include "app/diagnose.h"

#include <limits.h>

#include "app/app_private.h"

const struct setting_def app_diagnose_settings[] = {
    {"diagnose.model", "", NULL,
     "Model that writes diagnoses: a name from models/ of the data folder, or a GGUF file; empty: "
     "the one that fettle ships",
     0, 0, SETTING_TEXT, 0},
    {"diagnose.threads", "0", "threads",
     "Threads of that model; 0: one, or one for each processor when it is large", 0, 64,
     SETTING_INT, 0},
    {"diagnose.nice", "10", NULL,
     "How much that model stands back behind detection: 0 not at all, 19 most", 0, 19, SETTING_INT,
     0},
    {0}};

enum err_code app_diagnose_explain(const struct app_model *m, struct explain_model *out,
                                   struct err *err)
{
    out->serving = app_model_serving(m);
    out->chat = app_model_chat(m, err);
    return out->chat ? ERR_OK : err->code;
}

enum err_code app_diagnose_model(struct app *a, struct app_model **out, struct err *err)
{
    char wanted[PATH_MAX];
    const struct settings *s = app_settings_hold(a);
    str_copy(wanted, sizeof wanted, str_of(settings_text(s, "diagnose.model")));
    app_settings_release(a, s);
    return app_model_obtain(a, wanted, out, err);
}
