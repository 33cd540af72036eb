// Stands where tusd's own end-to-end tests expect the program tusd, and passes their requests on to our server, which
// must not know that it is tested by them.
//
// What it adds is what our server asks of every client: a bearer token, the facts of a deposit, and bytes of a known type
// (nine bytes before the test's own, so that lengths and offsets are nine more on our side). What it translates is what
// those tests read word by word: absolute addresses, and tusd's names and statuses for refusals. Nothing else changes.
//
// Its flags are tusd's, of which none means anything here. SIGINT is passed on to our server as the signal to stop; this
// program then ends when the last request is answered.

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How a document of ours begins.
const prefix = "%PDF-1.7\n"

// How long the last answer may take on its way.
const lastAnswer = 200 * time.Millisecond

// What tusd calls our refusals, and the status that it gives them.
var refusals = map[string]struct {
	status int
	name   string
}{
	"requete_trop_longue": {http.StatusRequestEntityTooLarge, "ERR_UPLOAD_SIZE_EXCEEDED"},
	"indisponible":        {http.StatusInternalServerError, "ERR_READ_TIMEOUT"},
}

// The key under which a request remembers whom the test asked: this program, or a proxy of the test's before it.
type asked struct{}

// Whether our server was told to stop.
var stopping atomic.Bool

func main() {
	server, err := url.Parse(setting("ADAPTATEUR_SERVEUR"))
	if err != nil {
		log.Fatal(err)
	}
	pid, err := strconv.Atoi(setting("ADAPTATEUR_PID"))
	if err != nil {
		log.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(request *httputil.ProxyRequest) { toServer(request, server) },
		ModifyResponse: toTest,
		// At once, not only when the rest of the request has been read.
		FlushInterval: -1,
	}
	var underWay sync.WaitGroup
	passOn := func(answer http.ResponseWriter, request *http.Request) {
		underWay.Add(1)
		defer underWay.Done()
		// Our server may answer before it has read everything: then that is the answer, at once.
		if err := http.NewResponseController(answer).EnableFullDuplex(); err != nil {
			log.Fatal(err)
		}
		proxy.ServeHTTP(answer, request)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	go func() { log.Fatal(http.Serve(listener, http.HandlerFunc(passOn))) }()
	fmt.Printf("You can now upload files to: http://%s/files/\n", listener.Addr())
	<-signals
	stopping.Store(true)
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		log.Fatal(err)
	}
	underWay.Wait()
	// Answered is not yet received: to end now could reset the line.
	time.Sleep(lastAnswer)
}

func setting(name string) string {
	value := os.Getenv(name)
	if value == "" {
		log.Fatalf("%s is missing", name)
	}
	return value
}

// toServer makes a request of ours of the test's.
func toServer(request *httputil.ProxyRequest, server *url.URL) {
	request.Out = request.Out.WithContext(context.WithValue(request.Out.Context(), asked{}, request.In.Host))
	out := request.Out
	request.SetURL(server)
	out.URL.Path = strings.TrimSuffix(strings.Replace(request.In.URL.Path, "/files", "/depots", 1), "/")
	out.Header.Set("Authorization", "Bearer "+setting("ADAPTATEUR_JETON"))
	shift(out.Header, "Upload-Offset", len(prefix))
	if out.Body != nil {
		out.Body = sips{out.Body}
	}
	if out.Method != http.MethodPost {
		return
	}
	shift(out.Header, "Upload-Length", len(prefix))
	facts := []string{}
	for _, fact := range [][2]string{
		{"depot", newUUID()},
		{"demande", setting("ADAPTATEUR_DEMANDE")},
		{"rubrique", "motif"},
		{"type", "photos_logement"},
	} {
		facts = append(facts, fact[0]+" "+base64.StdEncoding.EncodeToString([]byte(fact[1])))
	}
	out.Header.Set("Upload-Metadata", strings.Join(facts, ","))
	out.Header.Set("Content-Type", "application/offset+octet-stream")
	first := strings.NewReader(prefix)
	if request.In.ContentLength == 0 {
		out.Body = io.NopCloser(first)
	} else {
		out.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(first, out.Body), out.Body}
	}
	if request.In.ContentLength >= 0 {
		out.ContentLength = request.In.ContentLength + int64(len(prefix))
	}
}

// sips reads a little at a time: a reader of chunks waits until all that it was asked for has come, and would hand a slow
// line's bytes on in bursts of seconds.
type sips struct{ io.ReadCloser }

func (body sips) Read(into []byte) (int, error) {
	return body.ReadCloser.Read(into[:min(len(into), 256)])
}

// toTest makes an answer of tusd's of ours.
func toTest(answer *http.Response) error {
	shift(answer.Header, "Upload-Offset", -len(prefix))
	shift(answer.Header, "Upload-Length", -len(prefix))
	if location := answer.Header.Get("Location"); location != "" {
		host, _ := answer.Request.Context().Value(asked{}).(string)
		answer.Header.Set("Location", "http://"+host+strings.Replace(location, "/depots", "/files", 1))
	}
	if answer.StatusCode >= http.StatusBadRequest {
		// What is left of the request's body is no next request.
		answer.Header.Set("Connection", "close")
	}
	if answer.Header.Get("Content-Type") != "application/problem+json" {
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	var problem struct{ Code string }
	if json.Unmarshal(body, &problem) == nil {
		if known, found := refusals[problem.Code]; found {
			answer.StatusCode = known.status
			body = []byte(known.name)
			if stopping.Load() && problem.Code == "indisponible" {
				answer.StatusCode, body = http.StatusServiceUnavailable, []byte("ERR_SERVER_SHUTDOWN")
			}
		}
	}
	answer.Status = ""
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// shift adds to a header that is a number.
func shift(header http.Header, name string, by int) {
	if value, err := strconv.Atoi(header.Get(name)); err == nil {
		header.Set(name, strconv.Itoa(value+by))
	}
}

func newUUID() string {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		log.Fatal(err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
