package web

import (
	"net/url"
	"path"
	"testing"

	"gas/pkg/user"
)

func TestAJobIsRunAgainFromTheOptionsThatItHad(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	a := ada.upload("/annotate", nil, field{"file", "a.vcf", smallVCF}, field{"reference", "", "rCRS"}, field{"style", "", "ann"}, field{"transcripts", "", "canonical"}, field{"distance", "", "120"}, field{"phased", "", "1"})
	id := path.Base(a.url)
	w.complete(id)
	details := ada.get("/annotations/" + id + "/details")
	for _, want := range []string{`<option value="rCRS" selected>`, `<option value="ann" selected>`, `<option value="canonical" selected>`, `name="distance" min="1" max="1000000" placeholder="5000" value="120"`, `name="phased" value="1" checked`, `name="no_hgvs" value="1">`} {
		shows(t, details, want)
	}
	fresh := ada.get("/annotate")
	for _, want := range []string{`<option value="auto" selected>`, `<option value="csq" selected>`, `<option value="all" selected>`, `placeholder="5000" value=""`, `name="phased" value="1">`} {
		shows(t, fresh, want)
	}
	again := ada.post("/annotations/"+id+"/rerun", url.Values{"style": {"csq"}, "transcripts": {"canonical"}})
	shows(t, ada.get("/annotations/"+path.Base(again.url)+"/details"), "canonical only")
}
