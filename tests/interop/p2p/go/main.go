// main.go: go-libp2p as the other end of the p2p interop tests.
//
//	p2p_go listen        prints "listening ADDR", serves echo and particles until standard input ends
//	p2p_go dial ADDR     runs the checks against a rivulet peer; prints "ok CHECK" each
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multistream"

	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
)

const (
	echoProtocol     = protocol.ID("/rivulet/echo/1.0.0")
	unknownProtocol  = protocol.ID("/rivulet/unknown/1.0.0")
	particleProtocol = protocol.ID("/fluence/particle/2.0.0")
	particles        = 1300 // small ones, then one of 3 MiB
)

var (
	received atomic.Int64
	answered = make(chan int, 1)
)

func writeFrame(s network.Stream, body []byte) error {
	frame := append(binary.AppendUvarint(nil, uint64(len(body))), body...)
	_, err := s.Write(frame)
	return errors.Join(err, s.CloseWrite())
}

type byteReader struct{ io.Reader }

func (r byteReader) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r, b[:])
	return b[0], err
}

func onParticle(h host.Host, dialer bool) network.StreamHandler {
	return func(s network.Stream) {
		defer s.Close()
		size, err := binary.ReadUvarint(byteReader{s})
		if err != nil {
			fmt.Fprintln(os.Stderr, "particle:", err)
			return
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(s, body); err != nil {
			fmt.Fprintln(os.Stderr, "particle:", err)
			return
		}
		if dialer {
			answered <- len(body)
		}
		if received.Add(1) != particles+1 {
			return
		}
		back, err := h.NewStream(context.Background(), s.Conn().RemotePeer(), particleProtocol)
		if err == nil {
			err = writeFrame(back, []byte("all are here"))
		}
		fmt.Println("particles", received.Load(), err)
	}
}

func echo(ctx context.Context, h host.Host, id peer.ID, data []byte, piece int) error {
	s, err := h.NewStream(ctx, id, echoProtocol)
	if err != nil {
		return err
	}
	defer s.Close()
	wrote := make(chan error, 1)
	go func() {
		for rest := data; len(rest) > 0; {
			n := min(piece, len(rest))
			if _, err := s.Write(rest[:n]); err != nil {
				wrote <- err
				return
			}
			rest = rest[n:]
		}
		wrote <- s.CloseWrite()
	}()
	back, err := io.ReadAll(s)
	if err = errors.Join(err, <-wrote); err != nil {
		return err
	}
	if !bytes.Equal(back, data) {
		return fmt.Errorf("the echo of %d bytes has %d", len(data), len(back))
	}
	return nil
}

func checkIdentify(ctx context.Context, h host.Host, at peer.AddrInfo) error {
	sub, err := h.EventBus().Subscribe([]any{new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerIdentificationFailed)})
	if err != nil {
		return err
	}
	defer sub.Close()
	if err := h.Connect(ctx, at); err != nil {
		return err
	}
	switch e := (<-sub.Out()).(type) {
	case event.EvtPeerIdentificationFailed:
		return e.Reason
	case event.EvtPeerIdentificationCompleted:
		if e.AgentVersion != "rivulet/interop" || e.ProtocolVersion != string(particleProtocol) || len(e.ListenAddrs) != 1 ||
			!slices.Contains(e.Protocols, particleProtocol) || !slices.Contains(e.Protocols, echoProtocol) {
			return fmt.Errorf("identify told %+v", e)
		}
	}
	return nil
}

func checkPing(ctx context.Context, h host.Host, at peer.AddrInfo) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := ping.Ping(ctx, h, at.ID)
	for range 3 { // several rounds on one stream
		if r := <-results; r.Error != nil {
			return r.Error
		}
	}
	return nil
}

func checkUnknown(ctx context.Context, h host.Host, at peer.AddrInfo) error {
	_, err := h.NewStream(ctx, at.ID, unknownProtocol)
	var refused multistream.ErrNotSupported[protocol.ID]
	if errors.As(err, &refused) {
		return nil
	}
	return fmt.Errorf("the unknown protocol gave %v", err)
}

func checkEcho(ctx context.Context, h host.Host, at peer.AddrInfo) error {
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return echo(ctx, h, at.ID, data, 40001)
}

func checkStreams(ctx context.Context, h host.Host, at peer.AddrInfo) error {
	errs := make([]error, 200)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = echo(ctx, h, at.ID, fmt.Appendf(nil, "stream %d", i), 100) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func checkParticles(ctx context.Context, h host.Host, at peer.AddrInfo) error {
	for i := range particles + 1 {
		body := fmt.Appendf(nil, "particle %d", i)
		if i == particles {
			body = make([]byte, 3<<20)
		}
		s, err := h.NewStream(ctx, at.ID, particleProtocol)
		if err == nil {
			err = writeFrame(s, body)
		}
		if err != nil {
			return fmt.Errorf("particle %d: %w", i, err)
		}
		go func() { io.Copy(io.Discard, s); s.Close() }()
	}
	select {
	case n := <-answered:
		if n != len("all are here") {
			return fmt.Errorf("an answer of %d bytes", n)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func die(err error) {
	if err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
}

func main() {
	dialer := len(os.Args) == 3 && os.Args[1] == "dial"
	limits, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(rcmgr.InfiniteLimits))
	die(err)
	options := []libp2p.Option{
		libp2p.NoTransports, libp2p.Transport(tcp.NewTCPTransport), libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport), libp2p.ResourceManager(limits), libp2p.UserAgent("go-interop"),
		libp2p.DisableRelay(),
	}
	if dialer {
		options = append(options, libp2p.NoListenAddrs)
	} else {
		options = append(options, libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	}
	h, err := libp2p.New(options...)
	die(err)
	h.SetStreamHandler(echoProtocol, func(s network.Stream) {
		io.Copy(s, s)
		s.Close()
	})
	h.SetStreamHandler(particleProtocol, onParticle(h, dialer))
	if !dialer {
		fmt.Printf("listening %s/p2p/%s\n", h.Addrs()[0], h.ID())
		io.Copy(io.Discard, os.Stdin)
		return
	}
	at, err := peer.AddrInfoFromString(os.Args[2])
	die(err)
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	checks := []struct {
		name string
		run  func(context.Context, host.Host, peer.AddrInfo) error
	}{
		{"identify", checkIdentify}, {"ping", checkPing}, {"unknown", checkUnknown}, {"echo", checkEcho},
		{"streams", checkStreams}, {"particles", checkParticles}, {"ping again", checkPing},
	}
	for _, check := range checks {
		if err := check.run(ctx, h, *at); err != nil {
			fmt.Printf("FAILED %s: %v\n", check.name, err)
			os.Exit(1)
		}
		fmt.Println("ok", check.name)
	}
}
