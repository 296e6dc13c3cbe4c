using System.Net;
using System.Net.NetworkInformation;
using Orleans.Messaging;
using Orleans.Runtime;

namespace AttentionGen.Samples.Cluster;

/// <summary>The silos of this machine that listen to clients now. A fixed list would make a client wait for those that are not there.</summary>
/// <param name="ports">The ports on which a silo may listen.</param>
internal sealed class LocalGateways(IReadOnlyCollection<int> ports) : IGatewayListProvider
{
    /// <inheritdoc/>
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<IList<Uri>> GetGateways()
    {
        var listening = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(end => end.Port).ToHashSet();
        return Task.FromResult<IList<Uri>>(
            [.. ports.Where(listening.Contains).Select(port => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 0).ToGatewayUri())]);
    }
}
