using Utp.Protocol.Rates;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// Limits in bytes per second, and the choice of the congestion controller, which can change while the connection is open. Limits count payload.
// Acknowledgements, keepalives, FINs and everything else without payload pass freely: to hold them back would save little, and slow the peer down.
// Retransmissions count and do not wait.
internal sealed partial class ConnectionCore
{
    /// <summary>Null on a connection that no limit applies to, and that none has applied to before.</summary>
    private ConnectionRates? _rates;

    /// <summary>The algorithm of the congestion controller.</summary>
    public UtpCongestionControl CongestionControl => _controller.Algorithm;

    /// <summary>The limits that this connection shares with others; null for none.</summary>
    public RateLimit? SharedRates => _settings.SharedRates;

    /// <summary>Gets the connection's own limit in bytes per second; zero for none.</summary>
    public long RateOf(RateDirection direction) => _rates?.OwnRate(direction) ?? 0;

    /// <summary>Changes the connection's own limit; zero lifts it.</summary>
    public void SetRate(Instant now, RateDirection direction, long bytesPerSecond)
    {
        if (bytesPerSecond != RateOf(direction))
        {
            EnsureRates().SetOwnRate(now, direction, bytesPerSecond);
            HandleRatesChanged(now);
        }
    }

    /// <summary>Continues with another controller, which starts from the present window and estimates.</summary>
    public void SetCongestionControl(Instant now, UtpCongestionControl algorithm)
    {
        if (algorithm == _controller.Algorithm)
        {
            return;
        }

        _settings = _settings with { CongestionControl = algorithm };
        var predecessor = _controller;
        StartController();
        _controller.ContinueFrom(now, predecessor);
        Trace(now);
        _socket.Touch(this);
    }

    /// <summary>A limit that applies to this connection has changed.</summary>
    internal void HandleRatesChanged(Instant now)
    {
        if (_rates is null && _settings.SharedRates is not { IsLimited: true })
        {
            return;
        }

        EnsureRates().Restart();
        _receiveWindow.SetTarget(_rates!.WindowBytes(_settings.ReceiveBufferBytes));
        OpenWindow(now, 0);
        _socket.Touch(this);
    }

    private ConnectionRates EnsureRates() => _rates ??= new ConnectionRates(_settings.SharedRates, _receiveWindow.UnreadBytes);

    private void StartRates(Instant now)
    {
        if (_settings.MaxSendBytesPerSecond > 0)
        {
            EnsureRates().SetOwnRate(now, RateDirection.Send, _settings.MaxSendBytesPerSecond);
        }

        if (_settings.MaxReceiveBytesPerSecond > 0)
        {
            EnsureRates().SetOwnRate(now, RateDirection.Receive, _settings.MaxReceiveBytesPerSecond);
        }

        if (_rates is not null || _settings.SharedRates is { IsLimited: true })
        {
            _receiveWindow.SetTarget(EnsureRates().WindowBytes(_settings.ReceiveBufferBytes));
        }
    }

    /// <summary>Whether the limits let a segment leave. One that waits is limited by the application's choice, and tells nothing about the window.</summary>
    private bool HasRateFor(in Choice choice, Instant now)
    {
        if (_rates is null
            || choice.Kind != ChoiceKind.New
            || choice.Length == 0
            || _rates.MaySend(now, choice.Length, _sendBuffer.UnsentBytes))
        {
            return true;
        }

        _isWindowLimited = false;
        return false;
    }

    private void CountAgainstRate(Instant now, in Choice choice)
    {
        if (_rates is null)
        {
            return;
        }

        if (choice.Kind == ChoiceKind.New)
        {
            _rates.OnSent(choice.Length);
        }
        else
        {
            _rates.OnSentAgain(now, choice.Length);
        }
    }

    /// <summary>Opens the window for received bytes that the limits have let pass.</summary>
    private void PassReceived(Instant now)
    {
        if (_rates is not null && State == ConnectionState.Connected && _rates.PassReceived(now) is > 0 and var bytes)
        {
            OpenWindow(now, bytes);
        }
    }

    /// <summary>Received bytes that the application will not read take up the window only until the limits let them pass.</summary>
    private void DiscardAtRate(int bytes)
    {
        if (_rates is not null)
        {
            _receiveWindow.OnDelivered(bytes);
            _rates.OnReceived(bytes);
            _receiveWindow.OnConsumed(_rates.OnConsumed(bytes), _received.HeldBytes);
        }
    }
}
