package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// VariantQuery narrows the variants of a job. The zero value asks for the first page of all.
type VariantQuery struct {
	Filter string // in the filter language, for example: impact >= HIGH and gene = BRCA2
	Sort   string
	Cursor string
	Limit  int
}

func (q VariantQuery) encode() string {
	values := url.Values{}
	for key, value := range map[string]string{"filter": q.Filter, "sort": q.Sort, "cursor": q.Cursor} {
		if value != "" {
			values.Set(key, value)
		}
	}
	if q.Limit > 0 {
		values.Set("limit", strconv.Itoa(q.Limit))
	}
	return values.Encode()
}

// Variant is one allele of a record, with its most telling transcript.
type Variant struct {
	Key         string   `json:"key"`
	Chrom       string   `json:"chrom"`
	Pos         int64    `json:"pos"` // 1-based
	Ref         string   `json:"ref"`
	Alt         string   `json:"alt"`
	ID          string   `json:"id"`
	Type        string   `json:"type"`
	Gene        string   `json:"gene"`
	Consequence []string `json:"consequence"`
	Impact      string   `json:"impact"`
	HGVSc       string   `json:"hgvsc"`
	HGVSp       string   `json:"hgvsp"`
	raw         json.RawMessage
}

// UnmarshalJSON reads a variant and keeps its text.
func (v *Variant) UnmarshalJSON(raw []byte) error {
	type plain Variant
	if err := json.Unmarshal(raw, (*plain)(v)); err != nil {
		return err
	}
	v.raw = append(json.RawMessage(nil), raw...)
	return nil
}

// MarshalJSON writes the variant as the server sent it.
func (v Variant) MarshalJSON() ([]byte, error) {
	if v.raw != nil {
		return v.raw, nil
	}
	type plain Variant
	return json.Marshal(plain(v))
}

// Term is one term of a filter and how many variants it removed.
type Term struct {
	Term    string `json:"term"`
	Removed int    `json:"removed"`
}

// VariantPage is one page of variants.
type VariantPage struct {
	List[Variant]
	All    int    `json:"all"` // without the filter
	Terms  []Term `json:"terms"`
	Filter string `json:"filter"` // in its canonical form
	Offset int    `json:"offset"` // of the first item
	Limit  int    `json:"limit"`
}

// Variants reads one page of a job's variants.
func (c *Client) Variants(ctx context.Context, id string, q VariantQuery) (VariantPage, error) {
	var page VariantPage
	err := c.get(ctx, "/jobs/"+url.PathEscape(id)+"/variants?"+q.encode(), &page)
	return page, err
}

// Export reads every variant that the filter leaves: as vcf, tsv, xlsx or jsonl.
func (c *Client) Export(ctx context.Context, id, format string, q VariantQuery) (io.ReadCloser, error) {
	query := q.encode() + "&format=" + url.QueryEscape(format)
	response, err := c.do(ctx, call{
		method: http.MethodGet, path: "/jobs/" + url.PathEscape(id) + "/export?" + query, repeats: true, headers: map[string]string{"Accept": "*/*"},
	})
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}
